import os
import random
from collections.abc import Iterator
from hashlib import sha256

import anyio
import anyio.lowlevel
import pytest
from airflow_log_samples import (
    HEAD,
    NDJSON,
    TEXT,
    digest_of,
    failed,
    ndjson,
    record,
    stack,
    stream,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman_airflow.logs.failures import Role
from dragoman_airflow.logs.lines import LogDecoder
from dragoman_airflow.logs.task_log import read_log, read_window
from dragoman_airflow.logs.windows import Around, Errors, Span, Tail, Want, Window, WindowReader

ROUNDS = 400 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 8
LOG = ndjson(*(record(f"line {number}") for number in range(1, 5_001)))


def window(data: bytes, want: Want, kind: str = NDJSON, step: int = 1 << 20) -> Window:
    reader = WindowReader(kind, want)
    for at in range(0, len(data), step):
        reader.feed(data[at : at + step])
    return reader.end()


def numbers(found: Window) -> list[int]:
    return [line.number for line in found.lines]


def mixed(chance: random.Random, count: int) -> Iterator[str]:
    """Ordinary lines with errors, exceptions, ids and broken lines in between."""
    for number in range(count):
        match chance.randrange(400):
            case 0:
                yield record(f"bad {number}", "error")
            case 1:
                detail = [stack("ValueError", f"row {number}", ("/opt/a.py", "f"))]
                yield record("Task failed with exception", "error", "task", error_detail=detail)
            case 2:
                yield record(f"Query 20261124_191041_{number:05d}_x7k2p failed")
            case 3:
                yield "not json"
            case 4:
                yield record("Traceback (most recent call last):", "info", "task.stdout")
            case _:
                yield record(f"loaded {number} rows", chance.choice(["info", "debug"]))


@pytest.mark.proof
@settings(max_examples=ROUNDS, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), step=st.integers(300, 200_000))
def test_passing_over_dull_blocks_changes_nothing_of_what_is_told(seed: int, step: int) -> None:
    data = ndjson(*mixed(random.Random(seed), 600))
    every_line = LogDecoder(NDJSON)
    lines = [*every_line.feed(data), *every_line.end()]

    digest = digest_of(data, step=step)

    errors = [line.number for line in lines if line.is_error]
    assert digest.counts.lines == len(lines)
    assert digest.counts.size == len(data)
    assert digest.counts.not_json == every_line.counts.not_json
    assert digest.errors_total == len(errors)
    assert [line.number for line in digest.first_errors] == errors[:10]
    assert [line.number for line in digest.tail] == [line.number for line in lines[-60:]]
    assert [line.sha256 for line in digest.tail] == [line.raw.sha256 for line in lines[-60:]]
    assert digest.failures_total >= sum(bool(line.error_detail) for line in lines)
    assert digest == digest_of(data, step=len(data))


def test_an_exception_has_the_lines_before_it_however_far_the_log_was_passed_over() -> None:
    data = LOG + failed([stack("ValueError", "x", ("/opt/a.py", "f"))]) + LOG

    digest = digest_of(data)

    assert digest.ending is not None
    assert digest.ending.line.number == 5_001
    assert [line.text for line in digest.ending.before] == [
        f"line {n}" for n in range(4_981, 5_001)
    ]
    assert digest.counts.lines == 10_001
    assert digest.dropped == 10_001 - 60 - 21


def test_what_is_kept_of_many_failures_is_bounded_and_holds_the_one_that_counts() -> None:
    many = [
        record(f"again {number}", "error", error_detail=[stack("KeyError", f"{number}")])
        for number in range(3_000)
    ]
    data = ndjson(*many[:1_500]) + failed([stack("MemoryError", "")]) + ndjson(*many[1_500:])

    digest = digest_of(data)

    assert digest.failures_total == 3_001
    assert len(digest.failures) <= 9
    assert digest.ending is not None
    assert digest.ending.role is Role.ENDING
    assert digest.ending.line.number == 1_501
    assert len(digest.first_errors) == len(digest.last_errors) == 10


@pytest.mark.parametrize(
    ("want", "expected"),
    [
        (Span(1, 3), [1, 2, 3]),
        (Span(2_500, 4), [2_500, 2_501, 2_502, 2_503]),
        (Span(4_999, 9), [4_999, 5_000]),
        (Span(9_000, 9), []),
        (Tail(3), [4_998, 4_999, 5_000]),
        (Around(3_000, 2), [2_998, 2_999, 3_000, 3_001, 3_002]),
        (Errors(2), []),
    ],
)
@pytest.mark.parametrize("step", [1_000, 70_000, 1 << 22])
def test_a_window_holds_the_lines_asked_for_by_their_numbers(
    want: Want, expected: list[int], step: int
) -> None:
    found = window(LOG, want, step=step)

    assert numbers(found) == expected
    assert [line.text for line in found.lines] == [f"line {number}" for number in expected]
    assert found.total == 5_000


def test_a_cited_line_opens_again_and_tells_whether_it_is_still_the_same() -> None:
    (cited,) = window(LOG, Span(1_234, 1)).lines
    changed = LOG.replace(b"line 1234", b"line 1235")

    same = window(LOG, Around(1_234, 1, cited.sha256))
    other = window(changed, Around(1_234, 1, cited.sha256))

    assert cited.sha256 == sha256(record("line 1234").encode()).hexdigest()
    assert (same.unchanged, other.unchanged) == (True, False)
    assert window(LOG, Around(1_234, 1)).unchanged is None


def test_errors_are_shown_with_their_context_and_whole_tracebacks() -> None:
    head = f"{HEAD}{{a.py:1}} INFO - "
    trace = 'Traceback (most recent call last):\n  File "/a.py", line 1, in f\nKeyError: 1'
    calm = [f"{head}calm {number}" for number in range(2_000)]
    failing = f"{HEAD}{{taskinstance.py:1}} ERROR - Task failed with exception\n{trace}"
    text = "\n".join([*calm, failing, *calm]).encode()

    found = window(text, Errors(1), TEXT)

    assert numbers(found) == [2_000, 2_001, 2_002, 2_003, 2_004, 2_005]
    assert found.lines[4].text == "KeyError: 1" or found.lines[3].text == "KeyError: 1"


@pytest.mark.anyio
async def test_a_window_is_read_no_further_than_it_needs() -> None:
    opened = stream(LOG * 50, step=4_096)

    found = await read_window(opened, Span(5, 2))

    assert numbers(found) == [5, 6]
    assert found.total is None
    assert [chunk async for chunk in opened.chunks]


@pytest.mark.anyio
async def test_a_log_is_read_to_its_cause_in_one_pass() -> None:
    data = LOG + failed([stack("OSError", "[Errno 28] full", ("/opt/a.py", "save"))])

    told = await read_log(stream(data))

    assert told.lines == 5_001
    assert told.bytes == len(data)
    assert told.cause.cause == "out_of_disk"
    assert told.rendered[0] == "OSError: [Errno 28] full"
    assert told.before[-1].text == "line 5000"
    assert len(told.signature) == 16
    assert told.cut == ""


@pytest.mark.anyio
async def test_what_could_not_be_read_as_it_is_is_told() -> None:
    told = await read_log(stream(b"\xff\n" + b"z" * 400_000 + b"\nno json\n"))

    assert told.cut == (
        "a line too long to read whole; a line not in UTF-8; 2 lines not in JSON, read as text"
    )


@pytest.mark.anyio
async def test_another_task_of_the_loop_goes_on_while_a_log_is_read() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        group.start_soon(count)
        await read_log(stream(b"".join(f"{n} ERROR\n".encode() for n in range(40_000)), TEXT))
        group.cancel_scope.cancel()

    assert turns > 20
