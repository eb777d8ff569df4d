import asyncio
from itertools import count
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dragoman.telemetry.journal import Journal
from dragoman.telemetry.minutes import Totals, fold, unpaged
from dragoman.telemetry.record import Record, Result, Stored
from dragoman.telemetry.summary import summary

_seq = count(1)


def call(
    *,
    subject: str = "alice",
    tool: str = "run_query",
    work: str = "w1",
    result: Result = "success",
    hour: int = 9,
    minutes: float = 10,
) -> Stored:
    record = Record(
        kind="outcome",
        call_id=f"c{next(_seq)}",
        server="presto",
        tool=tool,
        subject=subject,
        work_digest=work,
        result=result,
        minutes=minutes,
    )
    return Stored(next(_seq), f"2026-11-24T{hour:02}:30:00.000Z", "", "", record)


def test_a_loop_of_a_thousand_calls_adds_one() -> None:
    totals = fold(call() for _ in range(1000))

    assert totals == Totals(calls=1000, counted=1, low=5, mid=10, high=15)


def test_other_work_tool_person_and_hour_each_add_one() -> None:
    calls = [
        call(),
        call(work="w2"),
        call(tool="get_query"),
        call(subject="bob"),
        call(hour=10),
    ]

    assert fold(calls).counted == 5


def test_only_success_of_a_persons_agent_counts() -> None:
    ends: list[Result] = [
        "tool_error",
        "waiting_approval",
        "protocol_error",
        "cancelled",
        "timed_out",
        "refused",
    ]

    totals = fold([*(call(result=end) for end in ends), call(subject=""), call(minutes=0)])

    assert totals == Totals(0, 0, 0, 0, 0)


def test_the_manifest_narrows_the_range() -> None:
    totals = fold([call()], spread=0.2)

    assert (totals.low, totals.mid, totals.high) == (8, 10, 12)


def test_paging_is_no_other_work() -> None:
    asked = {"sql": "select 1", "cursor": "abc", "max_tokens": 500, "limit": 10}

    assert unpaged(asked) == {"sql": "select 1"}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 3))))
def test_minutes_are_the_distinct_works_whatever_the_repeats(
    works: list[tuple[str, str, int]],
) -> None:
    calls = [call(subject=who, work=what, hour=hour) for who, what, hour in works]

    totals = fold(calls + calls)

    assert totals.calls == 2 * len(works)
    assert totals.mid == 10 * len(set(works))
    assert totals.low <= totals.mid <= totals.high


def test_summary_counts_every_call_once_by_its_end(tmp_path: Path) -> None:
    async def write() -> None:
        journal = Journal.open(tmp_path, server="presto", instance="a")
        for one in (
            Record(kind="intent", call_id="1", subject="alice", tool="run_query"),
            call_of("1", result="success", minutes=5),
            Record(kind="refusal", call_id="2", subject="bob", result="refused"),
            Record(kind="refusal", error="expired"),
            Record(kind="proposal", call_id="3", proposal="p1", result="waiting_approval"),
            Record(kind="proposal", call_id="4", proposal="p1", result="waiting_approval"),
            Record(kind="proposal", call_id="5", proposal="p2", result="waiting_approval"),
            Record(kind="intent", call_id="6", proposal="p2", subject="alice"),
            call_of("6", proposal="p2", result="tool_error"),
            Record(kind="intent", call_id="7", subject="alice"),
        ):
            journal.post(one)
        await journal.aclose()

    def call_of(name: str, result: Result, *, proposal: str = "", minutes: float = 0) -> Record:
        return Record(
            kind="outcome",
            call_id=name,
            subject="alice",
            tool="run_query",
            proposal=proposal,
            result=result,
            minutes=minutes,
        )

    asyncio.run(write())

    found = summary(tmp_path)

    assert found.results == {"success": 1, "refused": 2, "tool_error": 1, "waiting_approval": 1}
    assert (found.calls, found.people, found.unfinished) == (5, 2, 1)
    assert found.minutes.mid == 5
    assert found.first <= found.last
