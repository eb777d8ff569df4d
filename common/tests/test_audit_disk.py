import asyncio
import errno
import os
import resource
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest

from dragoman.errors import StoreUnavailable
from dragoman.telemetry.disk import Disk, SystemDisk
from dragoman.telemetry.journal import Journal, Limits
from dragoman.telemetry.read import records
from dragoman.telemetry.record import Record
from dragoman.telemetry.verify import verify

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class FakeDisk:
    """A real disk whose next writes, syncs or cuts can be made to fail; counts its syncs."""

    room: int | None = None
    syncs: int = 0
    synced: Event = field(default_factory=Event)
    sync_fails: bool = False
    truncate_fails: bool = False

    def create(self, path: Path) -> int:
        return SystemDisk().create(path)

    def write(self, fd: int, data: bytes) -> int:
        if self.room is None:
            return os.write(fd, data)
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = os.write(fd, data[: self.room])
        self.room -= written
        return written

    def sync(self, fd: int) -> None:
        self.syncs += 1
        if self.sync_fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        os.fdatasync(fd)
        self.synced.set()

    def truncate(self, fd: int, size: int) -> None:
        if self.truncate_fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        os.ftruncate(fd, size)


def opened(folder: Path, disk: Disk, limits: Limits | None = None) -> Journal:
    return Journal.open(folder, server="spark", instance="a", disk=disk, limits=limits)


def intent(call: int | str) -> Record:
    return Record(kind="intent", call_id=str(call), server="spark", tool="get_overview")


def calls(folder: Path) -> list[str]:
    return [stored.record.call_id for stored in records(folder)]


async def test_many_callers_share_one_sync(tmp_path: Path) -> None:
    disk = FakeDisk()
    journal = opened(tmp_path, disk)

    await asyncio.gather(*(journal.append(intent(n)) for n in range(500)))

    assert disk.syncs < 50
    assert calls(tmp_path) == [str(n) for n in range(500)]
    await journal.aclose()


@pytest.mark.parametrize("disk", [FakeDisk(), FakeDisk(truncate_fails=True)])
@pytest.mark.parametrize("room", [0, 1, 100, 700])
async def test_a_full_disk_refuses_every_waiter_and_leaves_no_torn_record(
    tmp_path: Path, room: int, disk: FakeDisk
) -> None:
    journal = opened(tmp_path, disk, Limits(retry=3600))
    await journal.append(intent("before"))
    disk.room = room

    refused = await asyncio.gather(
        *(journal.append(intent(n)) for n in range(5)), return_exceptions=True
    )
    healthy = journal.healthy
    disk.room = None
    await journal.append(intent("after"))
    await journal.aclose()

    assert [type(one) for one in refused] == [StoreUnavailable] * 5
    assert "No space left on device" in str(refused[0])
    assert not healthy
    assert journal.healthy
    assert verify(tmp_path).ok
    assert calls(tmp_path) == ["before", "", "after"]


async def test_a_failed_sync_leaves_the_segment_for_a_new_one(tmp_path: Path) -> None:
    disk = FakeDisk()
    journal = opened(tmp_path, disk)
    await journal.append(intent("before"))
    disk.sync_fails = True

    with pytest.raises(StoreUnavailable, match="Input/output error"):
        await journal.append(intent("never acknowledged"))
    disk.sync_fails = False
    await journal.append(intent("after"))
    await journal.aclose()

    report = verify(tmp_path)
    assert report.ok
    assert report.segments == 2
    assert [part.segment for part in report.torn] == ["0000000000000001.jsonl"]
    assert calls(tmp_path) == ["before", "", "after"]


async def test_the_journal_heals_by_itself_and_says_what_it_lost(tmp_path: Path) -> None:
    disk = FakeDisk()
    journal = opened(tmp_path, disk, Limits(retry=0.01))
    await journal.append(intent("before"))
    disk.room = 0
    journal.post(intent("held"))
    with pytest.raises(StoreUnavailable):
        await journal.append(intent("lost"))

    disk.synced.clear()
    disk.room = None
    await asyncio.to_thread(disk.synced.wait)
    await journal.aclose()

    assert journal.lost == 1
    assert [(one.record.kind, one.record.lost) for one in records(tmp_path)] == [
        ("intent", 0),
        ("gap", 1),
        ("intent", 0),
    ]
    assert calls(tmp_path) == ["before", "", "held"]


@pytest.mark.parametrize(("backlog", "lost"), [(0, 5), (3, 2), (10, 0)])
async def test_only_so_many_records_are_held_for_a_sick_disk(
    tmp_path: Path, backlog: int, lost: int
) -> None:
    disk = FakeDisk(room=0)
    journal = opened(tmp_path, disk, Limits(retry=3600, backlog=backlog))
    for n in range(5):
        journal.post(intent(n))
    with pytest.raises(StoreUnavailable):
        await journal.append(intent("waited for"))

    disk.room = None
    await journal.append(intent("after"))
    await journal.aclose()

    held = [str(n) for n in range(5)][lost:]
    assert journal.lost == lost + 1
    assert calls(tmp_path) == ["", *held, "after"]


async def test_a_limit_of_the_kernel_refuses_in_words_and_leaves_no_torn_record(
    tmp_path: Path,
) -> None:
    journal = opened(tmp_path, SystemDisk(), Limits(retry=3600))
    await journal.append(intent("before"))

    with largest_file(64 * 1024), pytest.raises(StoreUnavailable, match="File too large"):
        await asyncio.gather(*(journal.append(intent("x" * 8192)) for _ in range(20)))
    await journal.append(intent("after"))
    await journal.aclose()

    assert verify(tmp_path).ok
    assert calls(tmp_path)[-1] == "after"


@contextmanager
def largest_file(size: int) -> Generator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_small_real_disk_that_fills_refuses_and_recovers(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    journal = opened(small_disk / "audit", SystemDisk())
    await journal.append(intent("before"))
    fill(ballast)

    with pytest.raises(StoreUnavailable, match="No space left on device"):
        await journal.append(intent("x" * 8192))
    ballast.unlink()
    await journal.append(intent("after"))
    await journal.aclose()

    assert verify(small_disk / "audit").ok
    assert calls(small_disk / "audit")[-1] == "after"


async def test_a_disk_that_never_answers_ends_in_words(tmp_path: Path) -> None:
    reader, writer = os.pipe()

    class Stuck(FakeDisk):
        def sync(self, fd: int) -> None:
            os.read(reader, 1)
            super().sync(fd)

    journal = opened(tmp_path, Stuck(), Limits(patience=0.5))

    with pytest.raises(StoreUnavailable, match="does not answer"):
        await journal.append(intent("c1"))
    healthy = journal.healthy
    os.write(writer, b"...")
    await journal.append(intent("c2"))

    assert not healthy
    assert journal.healthy
    await journal.aclose()
    os.close(reader)
    os.close(writer)


def fill(ballast: Path) -> None:
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


@contextmanager
def mounted(folder: Path) -> Generator[Path]:
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        # CI is root: there it must not pass by being passed over.
        unable = pytest.fail if os.environ.get("CI") else pytest.skip
        unable("a small disk can be mounted only by root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path) as folder:
        yield folder
