import asyncio
import sys
from pathlib import Path

import anyio
import pytest
import uvloop

from dragoman.errors import StoreUnavailable
from dragoman.telemetry.journal import Journal, Limits
from dragoman.telemetry.read import follow, records, tail
from dragoman.telemetry.record import Checkpoint, Record
from dragoman.telemetry.verify import verify

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def opened(folder: Path, limits: Limits | None = None) -> Journal:
    return Journal.open(folder, server="spark", instance="a", limits=limits)


def intent(call: int | str) -> Record:
    return Record(kind="intent", call_id=str(call), server="spark", tool="get_overview")


def calls(folder: Path) -> list[str]:
    return [stored.record.call_id for stored in records(folder)]


async def test_append_returns_when_the_record_is_in_the_file(tmp_path: Path) -> None:
    journal = opened(tmp_path)

    receipt = await journal.append(intent("c1"))

    assert calls(tmp_path) == ["c1"]
    assert Checkpoint(receipt.seq, receipt.hash) == journal.head
    await journal.aclose()


async def test_posted_and_awaited_records_keep_their_order(tmp_path: Path) -> None:
    journal = opened(tmp_path)

    for n in range(0, 20, 2):
        journal.post(intent(n))
        await journal.append(intent(n + 1))
    journal.post(intent(20))
    await journal.aclose()

    assert calls(tmp_path) == [str(n) for n in range(21)]


async def test_the_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    for n in range(3):
        journal = opened(tmp_path)
        await journal.append(intent(n))
        await journal.aclose()

    report = verify(tmp_path)

    assert report.ok
    assert (report.links, report.segments) == (6, 3)
    assert calls(tmp_path) == ["0", "1", "2"]


async def test_a_second_process_is_refused_in_words(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    script = (
        "import sys, pathlib; from dragoman.telemetry.journal import Journal;"
        "Journal.open(pathlib.Path(sys.argv[1]), server='spark', instance='a')"
    )

    second = await anyio.run_process([sys.executable, "-c", script, str(tmp_path)], check=False)

    assert second.returncode != 0
    assert "in use by another process of the same server and instance" in second.stderr.decode()
    await journal.aclose()


async def test_a_torn_last_record_is_named_and_the_chain_goes_on(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    await journal.append(intent("whole"))
    await journal.aclose()
    file = tmp_path / "0000000000000001.jsonl"
    file.write_bytes(file.read_bytes() + b'{"seq":3,"time":"2026-')

    torn = verify(tmp_path)
    journal = opened(tmp_path)
    await journal.append(intent("after"))
    await journal.aclose()

    assert torn.ok
    assert [(part.segment, part.size) for part in torn.torn] == [(file.name, 22)]
    assert "22 bytes of a torn record" in journal.recovered
    assert verify(tmp_path).ok
    assert calls(tmp_path) == ["whole", "after"]


async def test_a_torn_first_record_leaves_a_journal_that_works(tmp_path: Path) -> None:
    (tmp_path / "0000000000000001.jsonl").write_bytes(b'{"seq":1,')

    journal = opened(tmp_path)
    await journal.append(intent("c1"))
    await journal.aclose()

    assert verify(tmp_path).ok
    assert calls(tmp_path) == ["c1"]
    assert (tmp_path / "0000000000000001.jsonl.torn-0").read_bytes() == b'{"seq":1,'


async def test_segments_turn_by_size_and_their_names_sort(tmp_path: Path) -> None:
    journal = opened(tmp_path, Limits(segment_bytes=2000))

    for n in range(40):
        await journal.append(intent(n))
    await journal.aclose()

    report = verify(tmp_path)
    assert report.ok
    assert report.segments > 3
    assert calls(tmp_path) == [str(n) for n in range(40)]
    assert [one.record.call_id for one in tail(tmp_path, 12)] == [str(n) for n in range(28, 40)]


async def test_a_closed_journal_refuses_and_posts_are_counted_as_lost(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    await journal.aclose()
    await journal.aclose()

    journal.post(intent("late"))
    with pytest.raises(StoreUnavailable, match="closed"):
        await journal.append(intent("late"))

    assert journal.lost == 1


async def test_a_cancelled_caller_takes_nobody_with_it(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    gone = asyncio.ensure_future(journal.append(intent("gone")))
    stays = asyncio.ensure_future(journal.append(intent("stays")))
    await asyncio.sleep(0)

    gone.cancel()
    await stays
    await journal.aclose()

    assert gone.cancelled()
    assert calls(tmp_path) == ["gone", "stays"]


def test_two_event_loops_of_either_kind_write_into_one_journal(tmp_path: Path) -> None:
    journal = opened(tmp_path)

    async def one(name: str) -> None:
        await asyncio.gather(*(journal.append(intent(name)) for _ in range(50)))

    uvloop.run(one("uvloop"))
    asyncio.run(one("asyncio"))
    asyncio.run(journal.aclose())

    assert calls(tmp_path) == ["uvloop"] * 50 + ["asyncio"] * 50


def test_follow_gives_what_comes_after_and_waits_for_more(tmp_path: Path) -> None:
    write(tmp_path, [str(n) for n in range(10)])
    waits = iter(["torn", "whole", "end"])

    def wait() -> None:
        match next(waits):
            case "torn":
                last = max(tmp_path.glob("*.jsonl"))
                last.write_bytes(last.read_bytes() + b'{"seq":')
            case "whole":
                write(tmp_path, ["late"])
            case _:
                raise StopIteration

    followed = [one.record.call_id for one in follow(tmp_path, 4, wait)]

    assert followed == [stored.record.call_id for stored in records(tmp_path) if stored.seq > 4]
    assert followed[-2:] == ["9", "late"]


def write(folder: Path, names: list[str]) -> None:
    """A process's records, in several segments."""

    async def one_by_one() -> None:
        journal = opened(folder, Limits(segment_bytes=600))
        for name in names:
            await journal.append(intent(name))
        await journal.aclose()

    asyncio.run(one_by_one())


async def test_text_without_utf8_and_text_without_end_are_recorded(tmp_path: Path) -> None:
    journal = opened(tmp_path)

    await journal.append(Record(kind="refusal", tool="\ud800", groups=("\udfff",)))
    await journal.append(Record(kind="refusal", tool="x" * 1_000_000))
    await journal.aclose()

    odd, long = (one.record for one in records(tmp_path))
    assert (odd.tool, odd.groups) == ("\\ud800", ("\\udfff",))
    assert long.tool.endswith("[1000000 characters]")
    assert len(long.tool) < 10_000
