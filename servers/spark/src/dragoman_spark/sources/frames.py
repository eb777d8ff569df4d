"""Whether zstd data ends at the end of a frame, told from block headers as the bytes pass by.

The decoder itself ends a cut frame without a word. Source of the layout: RFC 8878, section 3.1.
"""

from typing import Protocol

_MAGIC = 0xFD2FB528
_SKIPPABLE = 0x184D2A50
_ID_SIZES = (0, 1, 2, 4)


class Reads(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Frames:
    """Passes a source's bytes on and follows its frames; `open` is true inside one."""

    def __init__(self, source: Reads) -> None:
        self._source = source
        self._held: bytes = b""
        self._skip = 0
        self._in_frame = False
        self._checksum = 0
        self._known = True

    @property
    def open(self) -> bool:
        return self._known and (self._in_frame or self._skip > 0 or bool(self._held))

    def read(self, size: int, /) -> bytes:
        data = self._source.read(size)
        if self._known:
            self._follow(data)
        return data

    def _follow(self, data: bytes) -> None:
        at = 0
        if self._held:
            data, self._held = self._held + data, b""
        while self._known:
            if self._skip >= len(data) - at:
                self._skip -= len(data) - at
                return
            at += self._skip
            self._skip = 0
            size = self._block(data, at) if self._in_frame else self._header(data, at)
            if not size:
                self._held = data[at:]
                return
            at += size

    def _block(self, data: bytes, at: int) -> int:
        """The size of the block header at hand, 0 if it is not whole."""
        if len(data) - at < 3:
            return 0
        header = int.from_bytes(data[at : at + 3], "little")
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        self._known = kind < 3
        self._skip = (1 if kind == 1 else size) + (self._checksum if last else 0)
        self._in_frame = not last
        return 3

    def _header(self, data: bytes, at: int) -> int:
        """The size of the frame header at hand, 0 if it is not whole."""
        if len(data) - at < 8:
            return 0
        magic = int.from_bytes(data[at : at + 4], "little")
        if magic & 0xFFFFFFF0 == _SKIPPABLE:
            self._skip = int.from_bytes(data[at + 4 : at + 8], "little")
            return 8
        self._known = magic == _MAGIC
        flags = data[at + 4]
        single, content = flags >> 5 & 1, flags >> 6
        self._in_frame = True
        self._checksum = 4 * (flags >> 2 & 1)
        self._skip = (1 << content if content or single else 0) + (1 - single)
        self._skip += _ID_SIZES[flags & 3]
        return 5
