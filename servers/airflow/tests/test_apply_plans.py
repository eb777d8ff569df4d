"""Approved plans are applied exactly, once, with a note, and what happened is read back."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from changing_airflow import FakeAirflow
from changing_stage import ALICE, AT_DESK, CAROL, applied, approve, planned, room, sales
from mcp.types import ElicitResult
from msgspec.structs import replace

from dragoman.errors import NotPermitted
from dragoman.testing import DECLINE, YES, Era, Form, connected, text_of
from dragoman_airflow.api import Feature
from dragoman_airflow.models import Run, Task

pytestmark = pytest.mark.anyio

LOAD_ONLY: dict[str, Any] = {"run": "r1", "tasks": ["load"]}


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> Era:
    return "auto" if request.param == "auto" else "legacy"


async def test_clear_hits_the_approved_pair_alone_and_leaves_a_note(
    tmp_path: Path, era: Era
) -> None:
    airflow, form = sales(), Form(YES)
    async with connected(room(airflow), ALICE, state=tmp_path, mode=era, elicitation=form) as there:
        plan = await planned(there, "clear", **LOAD_ONLY)
        result = await applied(there, plan, reason="disk was full")

    assert airflow.acts == ["clear sales r1 load"]
    assert "1 of 1 plans done" in text_of(result)
    assert "predicted: 1 cleared" in text_of(result)
    assert "observed: 1 cleared" in text_of(result)
    note = airflow.cells["sales", "r1", "load", -1].note
    assert note.startswith("Asked by alice, approved by alice (plan " + plan)
    assert note.endswith("disk was full")
    assert "Clear 1 task instance of sales / r1" in form.shown[0].message
    assert "disk was full" in form.shown[0].message


async def test_nothing_happens_without_a_yes(tmp_path: Path, era: Era) -> None:
    airflow = sales()
    async with connected(
        room(airflow), ALICE, state=tmp_path, mode=era, elicitation=Form(DECLINE)
    ) as there:
        result = await applied(there, await planned(there, "clear", **LOAD_ONLY))

    assert result.is_error
    assert airflow.acts == []


async def test_client_without_forms_gets_the_door_and_the_same_call_runs_once_approved(
    tmp_path: Path, era: Era
) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path, mode=era) as there:
        plan = await planned(there, "clear", **LOAD_ONLY)
        waits = await applied(there, plan)
        before = list(airflow.acts)
        await approve(there)
        done = await applied(there, plan)
        again = await applied(there, plan)

    assert "dragoman approvals approve" in text_of(waits)
    assert before == []
    assert "1 of 1 plans done" in text_of(done)
    assert again.is_error
    assert airflow.acts == ["clear sales r1 load"]


async def test_plan_that_kills_work_needs_the_stricter_door(tmp_path: Path, era: Era) -> None:
    airflow, form = sales(), Form(YES)
    airflow.put("sales", "r1", "load", -1, "running")
    async with connected(room(airflow), ALICE, state=tmp_path, mode=era, elicitation=form) as there:
        plan = await planned(there, "mark", run="r1", tasks=["load"], state="failed")
        result = await applied(there, plan)

    assert "a client's form cannot approve" in text_of(result)
    assert (form.shown, airflow.acts) == ([], [])


async def test_trusted_desk_may_approve_it_by_form(tmp_path: Path, era: Era) -> None:
    airflow = sales()
    airflow.put("sales", "r1", "load", -1, "running")
    async with connected(
        room(airflow), AT_DESK, state=tmp_path, mode=era, elicitation=Form(YES)
    ) as there:
        plan = await planned(there, "mark", run="r1", tasks=["load"], state="failed")
        result = await applied(there, plan)

    assert "observed: 2 cleared, 1 set to failed" in text_of(result)
    assert airflow.acts == ["mark sales r1 failed load"]


async def test_batch_is_asked_about_once_and_struck_plans_never_run(
    tmp_path: Path, era: Era
) -> None:
    airflow = sales()
    for number in range(20):
        airflow.add_run("sales", f"n{number:02}", "failed", {"load": "failed"})
    struck = ElicitResult(action="accept", content={"approve": True, "struck": "2, 5-7"})
    form = Form(struck)
    async with connected(room(airflow), ALICE, state=tmp_path, mode=era, elicitation=form) as there:
        plans = [
            await planned(there, "clear", run=f"n{number:02}", tasks=["load"])
            for number in range(20)
        ]
        result = await applied(there, *plans)

    gone = {"n01", "n04", "n05", "n06"}
    assert len(form.shown) == 1
    assert {act.split()[2] for act in airflow.acts} == {f"n{n:02}" for n in range(20)} - gone
    assert "16 of 16 plans done" in text_of(result)


async def test_one_plan_that_fails_does_not_keep_the_others_from_running(tmp_path: Path) -> None:
    airflow = sales()
    airflow.add_run("sales", "r2", "failed", {"load": "failed"})
    async with connected(room(airflow), ALICE, state=tmp_path) as there:
        plans = [await planned(there, "clear", run=run, tasks=["load"]) for run in ("r1", "r2")]
        await applied(there, *plans)
        await approve(there)
        airflow.refuse = 1
        result = await applied(there, *plans)

    assert airflow.acts == ["clear sales r2 load"]
    assert "1 of 2 plans done" in text_of(result)


async def test_mark_is_applied_with_what_it_queues_again(tmp_path: Path) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        plan = await planned(there, "mark", run="r1", tasks=["load"], state="success")
        result = await applied(there, plan)

    assert "predicted: 2 cleared, 1 set to success" in text_of(result)
    assert "observed: 2 cleared, 1 set to success" in text_of(result)
    assert airflow.state("sales", "r1", "check") == ""


async def test_cancel_ends_the_run_and_keeps_its_note(tmp_path: Path) -> None:
    airflow = sales()
    airflow.add_run("sales", "r2", "running", {"load": "running", "check": ""})
    airflow.made["sales", "r2"] = replace(airflow.made["sales", "r2"], note="do not touch")
    async with connected(room(airflow), AT_DESK, state=tmp_path, elicitation=Form(YES)) as there:
        result = await applied(there, await planned(there, "cancel", run="r2"))

    assert "1 of 1 plans done" in text_of(result)
    assert airflow.made["sales", "r2"].state == "failed"
    assert airflow.made["sales", "r2"].note.startswith("do not touch\nAsked by alice")


async def test_cancel_covers_a_run_that_went_on_by_itself(tmp_path: Path) -> None:
    airflow = sales()
    airflow.add_run("sales", "r2", "running", {"load": "running", "check": "", "report": ""})
    async with connected(room(airflow), ALICE, state=tmp_path) as there:
        plan = await planned(there, "cancel", run="r2")
        await applied(there, plan)
        await approve(there)
        airflow.put("sales", "r2", "load", -1, "success")
        airflow.put("sales", "r2", "check", -1, "running")
        result = await applied(there, plan)

    assert "1 of 1 plans done" in text_of(result)
    assert airflow.state("sales", "r2", "load") == "success"


async def test_cancel_does_not_cover_instances_that_nobody_saw(tmp_path: Path) -> None:
    airflow = sales()
    airflow.graph["sales"] += (Task(task_id="split", is_mapped=True),)
    airflow.add_run("sales", "r2", "running", {"load": "running"})
    async with connected(room(airflow), ALICE, state=tmp_path) as there:
        plan = await planned(there, "cancel", run="r2")
        await applied(there, plan)
        await approve(there)
        airflow.put("sales", "r2", "split", 0, "running")
        result = await applied(there, plan)

    assert "split[0]" in text_of(result)
    assert airflow.acts == []


async def test_note_of_somebody_else_is_not_lost(tmp_path: Path) -> None:
    airflow = sales()
    key = ("sales", "r1", "load", -1)
    airflow.cells[key] = replace(airflow.cells[key], note="ticket 7")
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        await applied(there, await planned(there, "clear", **LOAD_ONLY), reason="x" * 3_000)

    assert airflow.cells[key].note == "ticket 7"
    assert airflow.made["sales", "r1"].note.startswith("Asked by alice")
    assert len(airflow.made["sales", "r1"].note) == 1_000


async def test_pause_and_unpause_are_read_back(tmp_path: Path) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        paused = await applied(there, await planned(there, "pause"))
        unpaused = await applied(there, await planned(there, "unpause"))

    assert "observed: paused" in text_of(paused)
    assert "observed: not paused" in text_of(unpaused)
    assert airflow.acts == ["pause sales", "unpause sales"]


async def test_backfill_and_its_end_are_read_back(tmp_path: Path) -> None:
    airflow = sales()
    span: dict[str, Any] = {"since": "2026-05-01T00:00:00Z", "until": "2026-05-03T00:00:00Z"}
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        made = await applied(there, await planned(there, "backfill", **span))
        ended = await applied(there, await planned(there, "cancel"))

    assert "observed: backfill 1, 3 runs (3 queued)" in text_of(made)
    assert "observed: no active backfill, runs: 3 failed" in text_of(ended)


async def test_lost_answer_of_a_clear_is_told_and_not_repeated(tmp_path: Path) -> None:
    airflow = sales()
    airflow.lose = 1
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        result = await applied(there, await planned(there, "clear", **LOAD_ONLY))

    assert "answer was lost" in text_of(result)
    assert "observed: 1 cleared" in text_of(result)
    assert airflow.acts == ["clear sales r1 load"]


async def test_trigger_carries_conf_key_and_note(tmp_path: Path) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        plan = await planned(there, "trigger", conf={"day": "1"}, key="night+1")
        result = await applied(there, plan)

    run = airflow.made["sales", "dragoman__night+1"]
    assert (dict(run.conf), plan in run.note) == ({"day": "1"}, True)
    assert "observed: 1 run: dragoman__night+1, queued" in text_of(result)


async def test_two_triggers_within_a_second_make_two_runs(tmp_path: Path) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        for key in ("a", "b"):
            await applied(there, await planned(there, "trigger", key=key))
        for _ in range(2):
            await applied(there, await planned(there, "trigger"))

    assert len({act for act in airflow.acts if act.startswith("trigger")}) == 4


async def test_double_click_makes_one_run_and_says_so(tmp_path: Path) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        first, second = [await planned(there, "trigger", key="a") for _ in range(2)]
        await applied(there, first)
        result = await applied(there, second)

    assert "This run exists: dragoman__a, queued" in text_of(result)
    assert airflow.acts == ["trigger sales dragoman__a"]


async def test_long_or_strange_key_becomes_a_run_id_that_airflow_takes(tmp_path: Path) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        for key in ("a/b", "a b", "ü" * 500):
            await applied(there, await planned(there, "trigger", key=key))

    made = [act.split()[2] for act in airflow.acts]
    assert len(set(made)) == 3
    assert all(one.startswith("dragoman__sha256~") and len(one) < 100 for one in made)


async def test_airflow_2_is_noted_on_the_run(tmp_path: Path) -> None:
    airflow = sales()
    airflow.missing = frozenset(Feature)
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        result = await applied(there, await planned(there, "clear", **LOAD_ONLY))

    assert "1 of 1 plans done" in text_of(result)
    assert airflow.made["sales", "r1"].note.startswith("Asked by alice")


class _LocksAfterwards(FakeAirflow):
    """Policy that takes the right to change away as soon as a change was made."""

    async def note_run(self, dag_id: str, run_id: str, note: str) -> Run:
        del run_id, note
        raise NotPermitted(f"No policy lets you change {dag_id}.")


async def test_change_whose_note_is_not_permitted_is_told_as_made(tmp_path: Path) -> None:
    airflow = _LocksAfterwards(**vars(sales()))
    airflow.missing = frozenset(Feature)
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        result = await applied(there, await planned(there, "clear", **LOAD_ONLY))

    assert airflow.acts == ["clear sales r1 load"]
    assert "1 of 1 plans done" in text_of(result)
    assert "no note was left: No policy lets you change sales" in text_of(result)


async def test_plan_is_applied_in_the_name_of_its_person_by_the_yes_of_another(
    tmp_path: Path,
) -> None:
    airflow = sales()
    async with connected(room(airflow), ALICE, state=tmp_path) as there:
        plan = await planned(there, "clear", **LOAD_ONLY)
        await applied(there, plan)
        await approve(there, CAROL)
        await applied(there, plan)

    assert "approved by carol" in airflow.cells["sales", "r1", "load", -1].note


async def test_question_shows_every_plan_in_plain_words(tmp_path: Path) -> None:
    airflow, form = sales(), Form(DECLINE)
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=form) as there:
        plans = [
            await planned(there, "clear", **LOAD_ONLY),
            await planned(there, "trigger", conf={"password": "hunter2-9f8e7d6c5b4a"}),
            await planned(there, "pause"),
        ]
        await applied(there, *plans)

    shown = json.dumps(form.shown[0].model_dump(mode="json"))
    assert "Clear 1 task instance of sales / r1" in shown
    assert "Start a run of sales" in shown
    assert "Pause sales" in shown
    assert "hunter2" not in shown


async def test_unpause_reports_the_runs_made(tmp_path: Path) -> None:
    airflow = catching_up()
    async with connected(room(airflow), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        result = await applied(there, await planned(there, "unpause"))

    assert "predicted: not paused, 1 runs made" in text_of(result)
    assert "1 of them made so far" in text_of(result)


def catching_up() -> FakeAirflow:
    """A paused DAG that missed one day, whose run the scheduler makes at once."""
    airflow = sales()
    day = datetime(2026, 5, 1, tzinfo=UTC)
    airflow.known["sales"] = replace(
        airflow.known["sales"],
        is_paused=True,
        catchup=True,
        next_logical_date=day,
        next_run_after=day,
        end_date=day,
    )
    run = Run(dag_id="sales", run_id="s1", state="running", run_type="scheduled", logical_date=day)
    airflow.on_unpause = (run,)
    return airflow
