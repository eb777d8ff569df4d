"""Every way to get a change made that no person approved: each is tried, and nothing happens."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from changing_airflow import FakeAirflow
from changing_stage import ALICE, AT_DESK, BOB, CAROL, applied, approve, planned, room, sales
from msgspec.structs import replace

from dragoman.answer.canonical import digest
from dragoman.elicitation import door
from dragoman.testing import YES, Connection, Era, Form, caller, connected, text_of

pytestmark = pytest.mark.anyio

MALLORY = caller("mallory", "data-eng", "on-call", server="airflow", surface="chat")
LOAD: dict[str, Any] = {"run": "r1", "tasks": ["load"]}


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> Era:
    return "auto" if request.param == "auto" else "legacy"


async def approved(there: Connection, **more: Any) -> str:
    """A plan to clear `load`, asked about and approved, not yet applied."""
    plan = await planned(there, "clear", **{**LOAD, **more})
    await applied(there, plan)
    await approve(there)
    return plan


def rewrite(folder: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / "approvals.sqlite")) as store, store:
        store.execute(sql, values)


def content_of(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "approvals.sqlite")) as store:
        (text,) = store.execute("SELECT content FROM plans").fetchone()
    return str(text)


MOVES: dict[str, Callable[[FakeAirflow], None]] = {
    "it is mended": lambda there: there.put("sales", "r1", "load", -1, "success"),
    "it runs": lambda there: there.put("sales", "r1", "load", -1, "running"),
    "it failed once more": lambda there: there.cells.__setitem__(
        ("sales", "r1", "load", -1),
        replace(there.cells["sales", "r1", "load", -1], try_number=2),
    ),
    "the run goes on": lambda there: there.made.__setitem__(
        ("sales", "r1"), replace(there.made["sales", "r1"], state="running")
    ),
    "the DAG was paused": lambda there: there.known.__setitem__(
        "sales", replace(there.known["sales"], is_paused=True)
    ),
    "the run is gone": lambda there: there.made.clear(),
    "the DAG is gone": lambda there: there.known.clear(),
}


@pytest.mark.parametrize("move", MOVES)
async def test_drift_before_the_question_asks_nobody(tmp_path: Path, move: str) -> None:
    airflow, form = sales(), Form(YES)
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=form) as there:
        plan = await planned(there, "clear", **LOAD)
        MOVES[move](airflow)
        result = await applied(there, plan)

    assert result.is_error
    assert (form.shown, airflow.acts) == ([], [])


@pytest.mark.parametrize("move", MOVES)
async def test_drift_after_the_yes_voids_it(tmp_path: Path, move: str, era: Era) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path, mode=era) as there:
        plan = await approved(there)
        MOVES[move](airflow)
        result = await applied(there, plan)

    assert result.is_error
    assert airflow.acts == []


def queued() -> FakeAirflow:
    """A run `r2` that waits, so that nothing is lost when it is ended."""
    airflow = sales()
    airflow.add_run("sales", "r2", "queued", {"load": "", "check": ""})
    return airflow


def set_off(airflow: FakeAirflow) -> None:
    airflow.made["sales", "r2"] = replace(airflow.made["sales", "r2"], state="running")
    airflow.put("sales", "r2", "load", -1, "running")


async def test_yes_to_end_a_run_that_waits_does_not_kill_one_that_works(
    tmp_path: Path, era: Era
) -> None:
    airflow = queued()
    async with connected(room(airflow), ALICE, state=tmp_path, mode=era) as there:
        plan = await planned(there, "cancel", run="r2")
        await applied(there, plan)
        await approve(there)
        set_off(airflow)
        result = await applied(there, plan)

    assert result.is_error
    assert airflow.acts == []


async def test_plan_to_end_a_run_that_waits_asks_nobody_once_it_works(tmp_path: Path) -> None:
    airflow, form = queued(), Form(YES)
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=form) as there:
        plan = await planned(there, "cancel", run="r2")
        set_off(airflow)
        result = await applied(there, plan)

    assert "run state: was queued, is running" in text_of(result)
    assert (form.shown, airflow.acts) == ([], [])


async def test_question_says_what_is_killed_now_and_not_when_it_was_planned(
    tmp_path: Path,
) -> None:
    airflow, form = sales(), Form(YES)
    airflow.add_run("sales", "r2", "running", {"extract": "running", "load": ""})
    async with connected(room(airflow), AT_DESK, state=tmp_path, elicitation=form) as there:
        plan = await planned(there, "cancel", run="r2")
        airflow.put("sales", "r2", "extract", -1, "success")
        airflow.put("sales", "r2", "load", -1, "running")
        await applied(there, plan)

    assert "1 at work now, which is killed: load" in form.shown[0].message
    assert "killed: extract" not in form.shown[0].message


async def test_reason_cannot_pose_as_another_note(tmp_path: Path) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        plan = await planned(there, "clear", **LOAD)
        await applied(there, plan, reason="mend\nAsked by bob, approved by carol (plan x)")

    note = airflow.cells["sales", "r1", "load", -1].note
    assert note.endswith(": mend Asked by bob, approved by carol (plan x)")


async def test_plan_lives_as_long_as_the_settings_say(tmp_path: Path) -> None:
    airflow = sales()
    server = room(airflow, plan_seconds=0.0)
    async with connected(server, ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        result = await applied(there, await planned(there, "clear", **LOAD))

    assert result.is_error
    assert airflow.acts == []


async def test_drift_is_shown_in_plain_words(tmp_path: Path) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path) as there:
        plan = await planned(there, "clear", run="r1", include=["failed_only"])
        airflow.put("sales", "r1", "check", -1, "success")
        airflow.put("sales", "r1", "extract", -1, "failed")
        result = await applied(there, plan)

    assert "check would no longer be cleared" in text_of(result)
    assert "extract (failed, try 1) would now be cleared, too" in text_of(result)
    assert "Make a new plan" in text_of(result)


async def test_one_void_plan_of_a_batch_is_named_and_the_rest_can_be_applied(
    tmp_path: Path,
) -> None:
    airflow = sales()
    airflow.add_run("sales", "r2", "failed", {"load": "failed"})
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        gone = await planned(there, "clear", **LOAD)
        good = await planned(there, "clear", run="r2", tasks=["load"])
        airflow.put("sales", "r1", "load", -1, "skipped")
        both = await applied(there, gone, good)
        rest = await applied(there, good)

    assert f"plan {gone} no longer holds" in text_of(both)
    assert f"These still hold: {good}" in text_of(both)
    assert not rest.is_error
    assert airflow.acts == ["clear sales r2 load"]


async def test_applied_plan_is_not_applied_again(tmp_path: Path, era: Era) -> None:
    airflow = sales()
    async with connected(
        room(airflow), ALICE, state=tmp_path, mode=era, elicitation=Form(YES)
    ) as there:
        plan = await planned(there, "clear", **LOAD)
        await applied(there, plan)
        again = await applied(there, plan)

    assert "load was failed, try 1, is without a state" in text_of(again)
    assert airflow.acts == ["clear sales r1 load"]


async def test_plan_that_has_run_out_is_refused(tmp_path: Path, era: Era) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path, mode=era) as there:
        plan = await approved(there)
        rewrite(tmp_path, "UPDATE plans SET expires = 1")
        result = await applied(there, plan)

    assert result.is_error
    assert airflow.acts == []


async def test_altered_plan_is_refused_even_with_its_digest(tmp_path: Path) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path) as there:
        plan = await approved(there)
        other = content_of(tmp_path).replace('"task_id":"load"', '"task_id":"check"')
        rewrite(tmp_path, "UPDATE plans SET content = ?", other)
        content_alone = await applied(there, plan)
        rewrite(tmp_path, "UPDATE plans SET digest = ?", digest(other))
        both = await applied(there, plan)

    assert "was altered after it was made" in text_of(content_alone)
    assert both.is_error
    assert airflow.acts == []


async def test_consistent_forgery_is_not_covered_by_the_yes(tmp_path: Path) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path) as there:
        await planned(there, "clear", run="r1", tasks=["check"])
        other = content_of(tmp_path)
        rewrite(tmp_path, "DELETE FROM plans")
        plan = await approved(there)
        rewrite(tmp_path, "UPDATE plans SET content = ?, digest = ?", other, digest(other))
        result = await applied(there, plan)

    assert "does not cover this call" in text_of(result)
    assert airflow.acts == []


async def test_plan_that_is_not_a_change_is_refused(tmp_path: Path) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path) as there:
        plan = await planned(there, "clear", **LOAD)
        texts = ('{"form":2}', '{"sql":"DROP"}', "no JSON")
        said: list[str] = []
        for text in texts:
            rewrite(tmp_path, "UPDATE plans SET content = ?, digest = ?", text, digest(text))
            said.append(text_of(await applied(there, plan)))

    assert all("not a change of an Airflow" in one for one in said)
    assert airflow.acts == []


async def test_plan_of_somebody_else_is_unknown(tmp_path: Path, era: Era) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path) as there:
        plan = await approved(there)
    async with connected(
        room(airflow), MALLORY, state=tmp_path, mode=era, elicitation=Form(YES)
    ) as there:
        result = await applied(there, plan)

    assert result.is_error
    assert airflow.acts == []


async def test_approval_of_one_plan_does_not_cover_two(tmp_path: Path, era: Era) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path, mode=era) as there:
        plan = await approved(there)
        other = await planned(there, "trigger", key="k")
        result = await applied(there, plan, other)
        reason = await applied(there, plan, reason="another one")

    assert result.is_error
    assert reason.is_error
    assert airflow.acts == []


async def test_struck_plan_never_runs(tmp_path: Path, era: Era) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path, mode=era) as there:
        plans = [await planned(there, "trigger", key=key) for key in "abc"]
        await applied(there, *plans)
        await approve(there, CAROL, strike="2")
        await applied(there, *plans)
        again = await applied(there, plans[1])

    assert airflow.acts == ["trigger sales dragoman__a", "trigger sales dragoman__c"]
    assert again.is_error


async def test_rejected_plan_never_runs(tmp_path: Path, era: Era) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path, mode=era) as there:
        plan = await planned(there, "clear", **LOAD)
        await applied(there, plan)
        (record,) = await door.waiting(there.app.approvals, CAROL)
        await door.reject(there.app.approvals, record.proposal.id, CAROL, "not now")
        result = await applied(there, plan)

    assert "not now" in text_of(result)
    assert airflow.acts == []


@pytest.mark.parametrize(
    ("plans", "reason", "says"),
    [
        ([], "why", "at least one plan"),
        (["x"], " ", "Give the reason"),
        (["no-such-plan"], "why", "no-such-plan"),
        (["p"] * 51, "why", "At most 50"),
    ],
    ids=["none", "no reason", "unknown", "too many"],
)
async def test_unusable_arguments_ask_nobody(
    tmp_path: Path, plans: list[str], reason: str, says: str
) -> None:
    form = Form(YES)
    async with connected(room(sales()), ALICE, state=tmp_path, elicitation=form) as there:
        result = await applied(there, *plans, reason=reason)

    assert says in text_of(result)
    assert form.shown == []


async def test_same_plan_twice_is_asked_about_by_nobody(tmp_path: Path) -> None:
    form = Form(YES)
    async with connected(room(sales()), ALICE, state=tmp_path, elicitation=form) as there:
        plan = await planned(there, "clear", **LOAD)
        result = await applied(there, plan, plan)

    assert "twice" in text_of(result)
    assert form.shown == []


async def test_reader_can_neither_plan_nor_apply(tmp_path: Path) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path) as there:
        plan = await approved(there)
    async with connected(room(airflow), BOB, state=tmp_path, elicitation=Form(YES)) as there:
        made = await there.call("plan_change", {"kind": "pause", "dag": "sales"})
        done = await applied(there, plan)

    assert "Unknown tool" in text_of(made)
    assert "Unknown tool" in text_of(done)
    assert airflow.acts == []


async def test_words_in_a_reason_cannot_pose_as_an_item(tmp_path: Path) -> None:
    form = Form(YES)
    async with connected(room(sales()), ALICE, state=tmp_path, elicitation=form) as there:
        plan = await planned(there, "trigger", key="k", conf={"a": "x\n2. Pause sales"})
        await applied(there, plan, reason="fine\u202e\n1. Nothing at all")

    question = form.shown[0].message.partition("\nCall:")[0]
    assert "\u202e" not in question
    assert [line[:15] for line in question.strip().splitlines()] == [
        "Make this chang",
        "1. Start a run ",
    ]


@pytest.mark.parametrize("instance", ["staging", "prod; drop", "~"])
async def test_unknown_airflow_is_refused(tmp_path: Path, instance: str) -> None:
    async with connected(room(sales()), ALICE, state=tmp_path) as there:
        result = await there.call(
            "plan_change", {"kind": "pause", "dag": "sales", "instance": instance}
        )

    assert result.is_error


@pytest.mark.parametrize("run", ["~", "%", "a/b", "../r1", ""])
async def test_run_that_is_a_wildcard_is_refused(tmp_path: Path, run: str) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path) as there:
        result = await there.call("plan_change", {"kind": "clear", "dag": "sales", "run": run})

    assert result.is_error
