"""A raw line of a log, kept up to a limit and hashed whole."""

from dataclasses import dataclass
from hashlib import sha256

__all__ = ["LINE_LIMIT", "Gathering", "RawLine"]

LINE_LIMIT = 1 << 18


@dataclass(frozen=True, slots=True)
class RawLine:
    """A line without its end: at most 256 kB of its `size` bytes.

    `digest` is set for a longer line only, and is over all of it. `is_json` tells a record from
    text; `ended` is false for a last line without its end.
    """

    data: bytes
    size: int
    is_json: bool
    digest: str = ""
    ended: bool = True

    @property
    def is_cut(self) -> bool:
        return self.size > len(self.data)

    @property
    def sha256(self) -> str:
        """Of the whole line as Airflow gave it, without its end."""
        return self.digest or sha256(self.data).hexdigest()

    def emptied(self) -> "RawLine":
        """The same line without its bytes, whose hash stays."""
        return RawLine(b"", self.size, self.is_json, self.sha256, self.ended)


class Gathering:
    """A line that comes in pieces."""

    def __init__(self, *, is_json: bool) -> None:
        self._is_json = is_json
        self._head = bytearray()
        self._hash = sha256()
        self.size = 0

    def take(self, piece: bytes) -> None:
        room = LINE_LIMIT - len(self._head)
        if self.size + len(piece) > LINE_LIMIT:
            if self.size <= LINE_LIMIT:
                self._hash = sha256(self._head)
            self._hash.update(piece)
        if room > 0:
            self._head += piece[:room]
        self.size += len(piece)

    def line(self, *, ended: bool) -> RawLine:
        """The line so far; the next one begins."""
        data, size = bytes(self._head), self.size
        digest = self._hash.hexdigest() if size > LINE_LIMIT else ""
        if not digest:
            data = data.removesuffix(b"\r")
            size = len(data)
        self._head, self.size = bytearray(), 0
        return RawLine(data, size, self._is_json, digest, ended)
