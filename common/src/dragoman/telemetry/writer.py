import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from dragoman.telemetry import segment
from dragoman.telemetry.chain import seal
from dragoman.telemetry.disk import Disk, sync_folder, write_all
from dragoman.telemetry.record import Receipt
from dragoman.telemetry.segment import End, Header


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in JSON, and when it came (seconds since the epoch)."""

    when: float
    body: bytes


class Writer:
    """The growing end of a chain on disk. One thread owns it.

    A batch is on disk whole, or does not count: a failed write is cut off again, and after a
    failed sync, or where cutting fails, the segment is left for a new one.
    """

    def __init__(
        self, folder: Path, disk: Disk, *, server: str, instance: str, segment_bytes: int
    ) -> None:
        self.end: End = segment.end(folder)
        self.folder = folder
        self._disk = disk
        self._server = server
        self._instance = instance
        self._segment_bytes = segment_bytes
        self._fd: int | None = None

    def write(self, entries: Iterable[Entry]) -> list[Receipt]:
        """The receipts, in order, once all is durable. Raises OSError when none of it is."""
        if self._fd is not None and self.end.kept < self._segment_bytes:
            data, receipts = self._seal(entries)
            self._extend(self._fd, data)
            self._advance(receipts[-1], self.end.segment, self.end.kept + len(data))
            return receipts
        self.close()
        entries = list(entries)
        first = segment.name(self.end.seq + 1)
        data, receipts = self._seal([Entry(entries[0].when, self._header()), *entries])
        self._begin(first, data)
        self._advance(receipts[-1], first, len(data))
        return receipts[1:]

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _seal(self, entries: Iterable[Entry]) -> tuple[bytes, list[Receipt]]:
        seq, prev = self.end.seq, self.end.hash
        sealed: list[bytes] = []
        receipts: list[Receipt] = []
        for entry in entries:
            seq += 1
            line, prev = seal(seq, entry.when, prev, entry.body)
            sealed.append(line)
            receipts.append(Receipt(seq, prev))
        return b"".join(sealed), receipts

    def _header(self) -> bytes:
        return msgspec.json.encode(
            Header(
                server=self._server,
                instance=self._instance,
                after=self.end.segment,
                kept=self.end.kept,
            )
        )

    def _advance(self, last: Receipt, name: str, kept: int) -> None:
        self.end = replace(self.end, seq=last.seq, hash=last.hash, segment=name, kept=kept)

    def _extend(self, fd: int, data: bytes) -> None:
        try:
            write_all(self._disk, fd, data)
        except OSError:
            try:
                self._disk.truncate(fd, self.end.kept)
            except OSError:
                self.close()
            raise
        try:
            self._disk.sync(fd)
        except OSError:
            # The kernel may have dropped the pages and call the next sync a success.
            self.close()
            raise

    def _begin(self, name: str, data: bytes) -> None:
        path = self.folder / name
        if path.exists():
            segment.set_aside(path)
        fd = self._disk.create(path)
        try:
            write_all(self._disk, fd, data)
            self._disk.sync(fd)
            sync_folder(self.folder)
        except OSError:
            os.close(fd)
            with suppress(OSError):
                path.unlink()
            raise
        self._fd = fd
