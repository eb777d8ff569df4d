"""The audit journal of one (server, instance): appended to, never changed."""

import asyncio
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Self

from dragoman.errors import StoreUnavailable
from dragoman.telemetry.checkpoints import keep
from dragoman.telemetry.disk import Disk, SystemDisk
from dragoman.telemetry.record import Checkpoint, Receipt, Record, encode
from dragoman.telemetry.writer import Entry, Writer

_log = logging.getLogger(__name__)
_BATCH = 1024
_QUEUED = 50_000


@dataclass(frozen=True, slots=True)
class Limits:
    """`patience` is how long an append waits for the disk, `retry` how often a sick disk is tried.

    `linger` is how long a record that nobody waits for may wait for company, since a sync for it
    alone costs as much as one for many. `backlog` is how many such records are held while the
    disk is sick.
    """

    segment_bytes: int = 64 * 2**20
    patience: float = 10.0
    retry: float = 1.0
    linger: float = 0.1
    backlog: int = 1000


@dataclass(frozen=True, slots=True)
class _Waiting:
    entry: Entry
    loop: asyncio.AbstractEventLoop | None = None
    future: asyncio.Future[Receipt] | None = None


class Journal:
    """Records are durable in the order in which they came; many callers share one sync.

    `lost` counts the records that could not be written since the start; the journal itself
    says so in a `gap` record as soon as it can be written again.
    """

    def __init__(self, writer: Writer, lock: int, limits: Limits) -> None:
        self.healthy = True
        self.lost = 0
        self.recovered = _recovered(writer)
        self._writer = writer
        self._folder_lock = lock
        self._limits = limits
        self._queue: SimpleQueue[list[_Waiting] | None] = SimpleQueue()
        self._posted: list[_Waiting] = []
        self._door = Lock()
        self._closed = False
        self._backlog: list[_Waiting] = []
        self._untold = 0
        self._thread = Thread(target=self._run, name="audit-journal", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        server: str,
        instance: str,
        disk: Disk | None = None,
        limits: Limits | None = None,
    ) -> Self:
        """The folder's journal, taken up where it ended and locked against other processes.

        Raises StoreUnavailable when the folder cannot be written or is in use.
        """
        limits = limits or Limits()
        lock = _lock(folder)
        try:
            writer = Writer(
                folder,
                disk or SystemDisk(),
                server=server,
                instance=instance,
                segment_bytes=limits.segment_bytes,
            )
        except OSError as why:
            os.close(lock)
            raise StoreUnavailable(_unreadable(why)) from why
        return cls(writer, lock, limits)

    @property
    def head(self) -> Checkpoint:
        """The last durable link of the chain."""
        return Checkpoint(self._writer.end.seq, self._writer.end.hash)

    async def append(self, record: Record) -> Receipt:
        """Gives the receipt once the record is durable.

        Raises StoreUnavailable when the disk is full, failing, or slower than the patience.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Receipt] = loop.create_future()
        self._put(_Waiting(Entry(time.time(), encode(record)), loop, future))
        late = loop.call_later(self._limits.patience, self._give_up, future)
        try:
            return await future
        finally:
            late.cancel()

    def post(self, record: Record) -> None:
        """Writes in the same order, without waiting. What is lost is counted, never raised."""
        waiting = _Waiting(Entry(time.time(), encode(record)))
        with self._door:
            if not self._closed and len(self._posted) < _QUEUED:
                self._posted.append(waiting)
                return
        self._lose(1)

    async def aclose(self) -> None:
        """Writes what was handed in, then lets go of the folder."""
        with self._door:
            if not self._closed:
                self._closed = True
                self._queue.put(self._take_posted())
                self._queue.put(None)
        await asyncio.to_thread(self._thread.join, self._limits.patience)

    def _put(self, waiting: _Waiting) -> None:
        with self._door:
            if self._closed:
                raise StoreUnavailable("The audit journal is closed: the server is stopping.")
            self._queue.put([*self._take_posted(), waiting])

    def _take_posted(self) -> list[_Waiting]:
        """What was posted, in order; the door is held by whoever takes it."""
        taken, self._posted = self._posted, []
        return taken

    def _run(self) -> None:
        going = True
        while going:
            batch, going = self._gather()
            if batch or self._backlog or self._untold:
                self._commit(batch)
        self._lose(len(self._backlog))
        if self.head.seq:
            keep(self._writer.folder, self.head)
        self._writer.close()
        os.close(self._folder_lock)

    def _gather(self) -> tuple[list[_Waiting], bool]:
        """What has come in, waiting for the first; and whether more may come."""
        batch: list[_Waiting] = []
        try:
            item = self._queue.get(timeout=self._pause())
            while item is not None:
                batch += item
                if len(batch) >= _BATCH:
                    return batch, True
                item = self._queue.get_nowait()
        except Empty:
            if not batch:
                with self._door:
                    batch = self._take_posted()
            return batch, True
        return batch, False

    def _pause(self) -> float:
        return self._limits.linger if self.healthy else self._limits.retry

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        told = self._untold
        gap = [_Waiting(_gap(told))] if told else []
        waiting = [*gap, *self._backlog, *batch]
        before, segment = self.head, self._writer.end.segment
        try:
            receipts = self._writer.write([one.entry for one in waiting])
        except OSError as why:
            self._fail([*self._backlog, *batch], why)
            return
        if segment and segment != self._writer.end.segment:
            keep(self._writer.folder, before)
        if not self.healthy:
            _log.warning("the audit journal is written again; %d records were lost", told)
        self.healthy = True
        self._backlog = []
        with self._door:
            self._untold -= told
        _settle(waiting, receipts)

    def _fail(self, waiting: Sequence[_Waiting], why: OSError) -> None:
        if self.healthy:
            _log.error("the audit journal cannot be written: %s", why.strerror)
        self.healthy = False
        held = [one for one in waiting if one.future is None]
        self._backlog = held[max(0, len(held) - self._limits.backlog) :]
        self._lose(len(waiting) - len(self._backlog))
        _settle([one for one in waiting if one.future], _unwritable(why))

    def _give_up(self, future: asyncio.Future[Receipt]) -> None:
        self.healthy = False
        if not future.done():
            future.set_exception(
                StoreUnavailable(
                    "The audit journal's disk does not answer, so nothing that changes anything "
                    "is run. Reading goes on. Tell the operator, then try again."
                )
            )

    def _lose(self, count: int) -> None:
        with self._door:
            self.lost += count
            self._untold += count


def _settle(waiting: Sequence[_Waiting], outcome: Sequence[Receipt] | StoreUnavailable) -> None:
    """One wake-up for each event loop, however many callers it has."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, int]]] = {}
    for at, one in enumerate(waiting):
        if one.loop is not None:
            by_loop.setdefault(one.loop, []).append((one, at))
    for loop, mine in by_loop.items():
        try:
            loop.call_soon_threadsafe(_wake, mine, outcome)
        except RuntimeError:
            _log.warning("an event loop closed before %d of its records were durable", len(mine))


def _wake(
    waiting: Sequence[tuple[_Waiting, int]], outcome: Sequence[Receipt] | StoreUnavailable
) -> None:
    for one, at in waiting:
        if one.future is None or one.future.done():
            continue
        if isinstance(outcome, StoreUnavailable):
            one.future.set_exception(StoreUnavailable(str(outcome)))
        else:
            one.future.set_result(outcome[at])


def _lock(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
    except OSError as why:
        raise StoreUnavailable(_unreadable(why)) from why
    try:
        flock(fd, LOCK_EX | LOCK_NB)
    except OSError as why:
        os.close(fd)
        raise StoreUnavailable(
            "The audit journal is in use by another process of the same server and instance: "
            "stop that one, or give this one its own instance name."
        ) from why
    return fd


def _gap(lost: int) -> Entry:
    error = f"{lost} records could not be written before this one"
    return Entry(time.time(), encode(Record(kind="gap", lost=lost, error=error)))


def _unwritable(why: OSError) -> StoreUnavailable:
    return StoreUnavailable(
        f"The audit journal cannot be written ({why.strerror}), so nothing that changes anything "
        "is run. Reading goes on. Tell the operator, then try again."
    )


def _unreadable(why: OSError) -> str:
    return f"The audit journal's folder cannot be used: {why.strerror}. Check DRAGOMAN_STATE."


def _recovered(writer: Writer) -> str:
    """What the last process left behind, in a sentence; empty after a clean end."""
    end = writer.end
    if end.damaged:
        return f"The last record of {end.segment} is not as it was written: run audit verify."
    if end.torn:
        return f"{end.segment} ended in {end.torn} bytes of a torn record, which do not count."
    return ""
