"""Where results are kept: a folder or a bucket that every replica reaches through fsspec.

A result is a folder of files that are written once: `head` (what it is), `page-<n>-<rows>`
(rows, compressed) and `end` (how it ended). `beat` is written again and again by the replica
that pages the query; an old one without an `end` means that this replica is gone.
"""

import errno
import posixpath
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from fsspec.core import (  # pyright: ignore[reportMissingTypeStubs]  # fsspec ships no types
    url_to_fs,  # pyright: ignore[reportUnknownVariableType]  # fsspec ships no types
)
from msgspec import Struct
from zstandard import ZstdCompressor, ZstdDecompressor

from dragoman.errors import DragomanError

BEAT_SECONDS = 5.0
_LOST_AFTER = 6 * BEAT_SECONDS
_LONGEST_PAGE = 1 << 30


class StoreFault(DragomanError):
    """The result store cannot be read or written."""


class Head(Struct, frozen=True):
    """What a result is. Columns are (name, Presto type); `expires` is in epoch seconds."""

    query_id: str
    coordinator: str
    sql: str
    columns: tuple[tuple[str, str], ...]
    expires: float


class End(Struct, frozen=True):
    """How a result ended: finished, cut (by our limits), failed, cancelled, or lost."""

    state: str
    why: str = ""
    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class PageFile:
    """Rows `first` to `first + rows - 1`, counted from 0."""

    path: str
    first: int
    rows: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is of a result now. `end` is None while it grows."""

    head: Head
    pages: tuple[PageFile, ...]
    end: End | None

    @property
    def rows(self) -> int:
        return self.pages[-1].first + self.pages[-1].rows if self.pages else 0


class ResultStore:
    """Blocking: call it in worker threads. Every method raises StoreFault."""

    def __init__(self, url: str, clock: Callable[[], float] = time.time) -> None:
        self._fs, self._root = cast("tuple[Any, str]", url_to_fs(url))
        self._clock = clock

    def begin(self, result_id: str, head: Head) -> None:
        self._write(result_id, "head", msgspec.json.encode(head))
        self.beat(result_id)

    def add(self, result_id: str, number: int, rows: Sequence[Sequence[object]]) -> int:
        """Writes one page; returns its bytes uncompressed. Rows are JSON as Presto sent them."""
        raw = msgspec.json.encode(rows)
        packed = ZstdCompressor(level=1).compress(raw)
        self._write(result_id, f"page-{number:06d}-{len(rows)}", packed)
        return len(raw)

    def beat(self, result_id: str) -> None:
        self._write(result_id, "beat", str(self._clock()).encode())

    def unwant(self, result_id: str) -> None:
        """Asks the replica that pages this query to cancel it; it hears within seconds."""
        self._write(result_id, "unwanted", b"")

    def is_unwanted(self, result_id: str) -> bool:
        return "unwanted" in self._names(result_id)

    def end(self, result_id: str, end: End) -> None:
        self._write(result_id, "end", msgspec.json.encode(end))

    def look(self, result_id: str) -> Kept | None:
        """What there is; None when there is nothing, or it has run out."""
        names = self._names(result_id)
        if "head" not in names:
            return None
        head = msgspec.json.decode(self._read(result_id, "head"), type=Head)
        if head.expires <= self._clock():
            return None
        pages = tuple(_pages(names))
        return Kept(head, pages, self._end(result_id, names))

    def rows(self, result_id: str, kept: Kept, first: int, count: int) -> list[list[object]]:
        """Up to `count` rows from `first`."""
        found: list[list[object]] = []
        for page in kept.pages:
            if page.first + page.rows <= first or page.first >= first + count:
                continue
            rows = self.page(result_id, page)
            found += rows[max(0, first - page.first) : first + count - page.first]
        return found

    def page(self, result_id: str, page: PageFile) -> list[list[object]]:
        packed = self._read(result_id, page.path)
        raw = ZstdDecompressor().decompress(packed, max_output_size=_LONGEST_PAGE)
        return msgspec.json.decode(raw, type=list[list[object]])

    def sweep(self) -> int:
        """Removes results that have run out; returns how many. One just begun has no head yet."""
        gone = 0
        for folder in self._list(self._root):
            result_id = posixpath.basename(folder.rstrip("/"))
            if "head" in self._names(result_id) and self.look(result_id) is None:
                with _faults("cleared"):
                    self._fs.rm(folder, recursive=True)
                gone += 1
        return gone

    def _end(self, result_id: str, names: Sequence[str]) -> End | None:
        if "end" in names:
            return msgspec.json.decode(self._read(result_id, "end"), type=End)
        beat = float(self._read(result_id, "beat")) if "beat" in names else 0.0
        if self._clock() - beat <= _LOST_AFTER:
            return None
        return End("lost", "the server that paged this result is gone; run the query again")

    def _names(self, result_id: str) -> list[str]:
        listed = self._list(f"{self._root}/{result_id}")
        return [posixpath.basename(path) for path in listed]

    def _write(self, result_id: str, name: str, data: bytes) -> None:
        """Readers see the whole file or none: it gets its name last."""
        path = f"{self._root}/{result_id}/{name}"
        unfinished = f"{self._root}/{result_id}/.{name}"
        with _faults("written"):
            self._fs.makedirs(posixpath.dirname(path), exist_ok=True)
            self._fs.pipe_file(unfinished, data)
            self._fs.mv(unfinished, path)

    def _read(self, result_id: str, name: str) -> bytes:
        with _faults("read"):
            return self._fs.cat_file(f"{self._root}/{result_id}/{name}")

    def _list(self, folder: str) -> list[str]:
        with _faults("listed"):
            try:
                return self._fs.ls(folder, detail=False, refresh=True)
            except FileNotFoundError:
                return []


@contextmanager
def _faults(what: str) -> Generator[None]:
    """Turns a fault of the store into a sentence without its paths."""
    try:
        yield
    except OSError as fault:
        full = fault.errno in {errno.ENOSPC, errno.EDQUOT}
        reason = "it is full" if full else type(fault).__name__
        raise StoreFault(
            f"The result store cannot be {what} ({reason}). Ask for fewer rows, or tell the owner."
        ) from None


def _pages(names: Sequence[str]) -> Iterator[PageFile]:
    first = 0
    for name in sorted(name for name in names if name.startswith("page-")):
        rows = int(name.rpartition("-")[2])
        yield PageFile(name, first, rows)
        first += rows
