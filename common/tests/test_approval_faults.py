import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import anyio
import pytest
from approval_room import BOB, YES, Clock, fresh, open_store

from dragoman.elicitation.decision import State
from dragoman.elicitation.store import LocalApprovals
from dragoman.errors import StoreUnavailable


def test_the_file_is_readable_by_its_owner_alone(
    store: LocalApprovals, path: Path, clock: Clock
) -> None:
    anyio.run(store.propose, fresh(clock))

    assert path.stat().st_mode & 0o077 == 0
    assert [entry.name for entry in path.parent.iterdir() if entry.name.startswith(".")] == []


@pytest.mark.parametrize("content", [b"", b"not a database at all", b"SQLite format 3\0" * 400])
def test_a_damaged_file_is_no_store_and_never_replaced(
    path: Path, clock: Clock, content: bytes
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)

    with pytest.raises(StoreUnavailable):
        anyio.run(open_store(path, clock).propose, fresh(clock))

    assert path.read_bytes() == content


@pytest.mark.anyio
async def test_a_file_that_vanished_is_said_to_be_gone_without_its_path(
    store: LocalApprovals, path: Path, clock: Clock
) -> None:
    await store.propose(fresh(clock))
    for entry in path.parent.iterdir():
        entry.unlink()

    with pytest.raises(StoreUnavailable, match="gone") as gone:
        await store.list(BOB)

    assert str(path.parent) not in str(gone.value)


@pytest.mark.anyio
async def test_a_folder_that_cannot_be_made_is_no_store(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreUnavailable):
        await open_store(tmp_path / "file" / "approvals.sqlite", clock).list(BOB)


@pytest.mark.anyio
async def test_a_store_that_stays_locked_refuses_within_its_limit(
    store: LocalApprovals, path: Path, clock: Clock
) -> None:
    one = fresh(clock)
    await store.propose(one)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable, match="locked"):
        await open_store(path, clock, busy=0.05).decide(one.id, BOB, YES)

    holder.rollback()
    holder.close()
    assert (await store.get(one.id)).state is State.OPEN


@pytest.mark.anyio
async def test_a_row_changed_by_hand_is_not_believed(
    store: LocalApprovals, path: Path, clock: Clock
) -> None:
    one = fresh(clock)
    await store.propose(one)
    await store.decide(one.id, BOB, YES)
    hand = sqlite3.connect(path)
    hand.execute("UPDATE proposals SET body = replace(body, 'Drop table a?', 'Drop all?')")
    hand.commit()
    hand.close()

    with pytest.raises(StoreUnavailable, match="damaged or changed"):
        await store.consume(one, b"intent")


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import anyio
from dragoman.auth.caller import Caller
from dragoman.elicitation.store import LocalApprovals
from dragoman.errors import StoreUnavailable
from dragoman.elicitation.proposal import Person

async def main():
    store = LocalApprovals(Path(sys.argv[1]), lambda who, what: True)
    owner = Person("i", "alice")
    kept = await store.save_plan(owner, "small", "d", 9e9)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    try:
        await store.save_plan(owner, "x" * 1_000_000, "d", 9e9)
    except StoreUnavailable as full:
        print(full)
    print((await store.get_plan(kept, owner)).content)

anyio.run(main)
"""


def test_a_full_disk_stops_writing_and_lets_reading_go_on(path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True
    )

    refusal, kept = ran.stdout.splitlines()
    assert refusal.startswith("The approval store cannot be used")
    assert kept == "small"


@pytest.mark.anyio
async def test_stores_that_start_together_make_one_file(path: Path, clock: Clock) -> None:
    ready = threading.Barrier(8)
    ids: list[str] = []

    def start() -> None:
        ready.wait()
        standing = anyio.run(open_store(path, clock).propose, fresh(clock))
        ids.append(standing.record.proposal.id)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await anyio.to_thread.run_sync(thread.join)

    assert len(ids) == 8
    assert len(set(ids)) == 1
