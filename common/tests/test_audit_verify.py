import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.telemetry.journal import Journal, Limits
from dragoman.telemetry.record import Checkpoint, Record
from dragoman.telemetry.verify import Bad, verify

FIRST = "0000000000000001.jsonl"


def written(folder: Path, count: int = 12, *, segment_bytes: int = 1500) -> list[Path]:
    """The segments of a journal that was closed in good order."""

    async def write() -> None:
        limits = Limits(segment_bytes=segment_bytes)
        journal = Journal.open(folder, server="spark", instance="a", limits=limits)
        for n in range(count):
            await journal.append(Record(kind="intent", call_id=f"call-{n}", tool="get_overview"))
        await journal.aclose()

    asyncio.run(write())
    return sorted(folder.glob("*.jsonl"))


def first_bad(folder: Path) -> Bad:
    bad = verify(folder).bad
    assert bad is not None
    return bad


def rewrite(file: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(change(lines)))


def test_an_untouched_journal_verifies(tmp_path: Path) -> None:
    segments = written(tmp_path)

    report = verify(tmp_path)

    assert report.ok
    assert (report.links, report.records) == (12 + len(segments), 12)
    assert report.segments == len(segments) > 2
    assert report.torn == ()


def test_an_empty_folder_verifies(tmp_path: Path) -> None:
    report = verify(tmp_path)

    assert report.ok
    assert report.links == 0


def test_an_edited_record_is_named(tmp_path: Path) -> None:
    file = written(tmp_path)[0]
    file.write_bytes(file.read_bytes().replace(b"call-1", b"call-7"))

    bad = first_bad(tmp_path)

    assert (bad.segment, bad.line, bad.seq, bad.reason) == (FIRST, 3, 3, "hash")


def test_a_record_deleted_in_the_middle_is_named(tmp_path: Path) -> None:
    file = written(tmp_path)[0]
    rewrite(file, lambda lines: lines[:2] + lines[3:])

    bad = first_bad(tmp_path)

    assert (bad.line, bad.reason) == (3, "gap")
    assert bad.text == "record 3 is missing before record 4"


def test_two_records_that_changed_places_are_named(tmp_path: Path) -> None:
    file = written(tmp_path)[0]
    rewrite(file, lambda lines: [lines[0], lines[2], lines[1], *lines[3:]])

    bad = first_bad(tmp_path)

    assert (bad.line, bad.seq, bad.reason) == (2, 3, "order")


def test_a_record_written_twice_is_named(tmp_path: Path) -> None:
    file = written(tmp_path)[0]
    rewrite(file, lambda lines: [*lines[:3], lines[2], *lines[3:]])

    bad = first_bad(tmp_path)

    assert (bad.line, bad.seq, bad.reason) == (4, 3, "order")


@pytest.mark.parametrize("gone", [0, 1])
def test_a_missing_segment_is_named(tmp_path: Path, gone: int) -> None:
    segments = written(tmp_path)
    segments[gone].unlink()

    bad = first_bad(tmp_path)

    assert (bad.line, bad.reason) == (1, "segment")
    assert segments[gone].name in bad.text


def test_a_cut_segment_is_named_by_what_the_next_one_states(tmp_path: Path) -> None:
    file = written(tmp_path)[0]
    rewrite(file, lambda lines: lines[:-1])

    bad = first_bad(tmp_path)

    assert (bad.segment, bad.reason) == (FIRST, "truncated")


def test_a_cut_tail_is_seen_against_the_checkpoint_of_a_clean_end(tmp_path: Path) -> None:
    file = written(tmp_path, segment_bytes=10**6)[0]
    rewrite(file, lambda lines: lines[:-2])

    bad = first_bad(tmp_path)

    assert (bad.seq, bad.reason) == (12, "truncated")


def test_a_journal_written_anew_is_seen_against_a_checkpoint_kept_elsewhere(
    tmp_path: Path,
) -> None:
    seen = Checkpoint(5, "0" * 64)
    written(tmp_path)

    bad = verify(tmp_path, [seen]).bad

    assert bad is not None
    assert (bad.seq, bad.reason) == (5, "chain")


def test_a_segment_of_another_journal_is_named(tmp_path: Path) -> None:
    segments = written(tmp_path / "a")
    other = written(tmp_path / "b")
    (segments[1]).write_bytes(other[1].read_bytes())

    bad = first_bad(tmp_path / "a")

    assert (bad.segment, bad.line, bad.reason) == (segments[1].name, 1, "chain")


def test_a_restart_does_not_launder_an_edited_record(tmp_path: Path) -> None:
    file = written(tmp_path, segment_bytes=10**6)[0]
    file.write_bytes(file.read_bytes().replace(b"call-11", b"call-99"))
    written(tmp_path)

    bad = first_bad(tmp_path)

    assert (bad.segment, bad.seq, bad.reason) == (FIRST, 13, "hash")


def test_a_restart_does_not_launder_a_cut_tail(tmp_path: Path) -> None:
    file = written(tmp_path, segment_bytes=10**6)[0]
    rewrite(file, lambda lines: lines[:-2])
    written(tmp_path)

    bad = first_bad(tmp_path)

    assert (bad.seq, bad.reason) == (13, "chain")
    assert "another one than its checkpoint saw" in bad.text


def test_missing_last_segments_are_seen_even_after_a_kill(tmp_path: Path) -> None:
    segments = written(tmp_path)
    known = (tmp_path / "checkpoints").read_bytes().splitlines(keepends=True)
    (tmp_path / "checkpoints").write_bytes(b"".join(known[:-1]))
    for file in segments[1:]:
        file.unlink()

    bad = first_bad(tmp_path)

    assert bad.reason == "truncated"


def test_a_report_is_json_for_the_command_line(tmp_path: Path) -> None:
    written(tmp_path, segment_bytes=10**6)[0].write_bytes(b"{}\n")

    text = msgspec.json.encode(verify(tmp_path))

    assert b'"reason":"hash"' in text


@pytest.fixture(scope="module")
def journal() -> bytes:
    with TemporaryDirectory() as folder:
        return written(Path(folder), 6, segment_bytes=10**6)[0].read_bytes()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_changed_byte_is_found_in_its_own_record(journal: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(journal) - 2))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != journal[at]))
    line = journal.count(b"\n", 0, at) + 1
    with TemporaryDirectory() as name:
        (Path(name) / FIRST).write_bytes(journal[:at] + bytes([byte]) + journal[at + 1 :])

        bad = first_bad(Path(name))

    assert (bad.segment, bad.line, bad.seq) == (FIRST, line, line)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_cut_is_a_torn_record_or_a_shorter_journal(journal: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(journal)))
    whole = journal[:at].count(b"\n")
    with TemporaryDirectory() as name:
        (Path(name) / FIRST).write_bytes(journal[:at])

        report = verify(Path(name))

    assert report.ok
    assert report.links == whole
    assert sum(torn.size for torn in report.torn) == at - (journal.rfind(b"\n", 0, at) + 1)
