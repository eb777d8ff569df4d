"""Plans are true previews: they say what Airflow's own dry run leaves out, and do nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from changing_airflow import FakeAirflow
from changing_stage import ALICE, BOB, planned, room, sales
from msgspec.structs import replace

from dragoman.errors import BadInput
from dragoman.testing import connected, text_of
from dragoman_airflow.api import Feature
from dragoman_airflow.change.asked import Asked
from dragoman_airflow.change.wanted import Kind
from dragoman_airflow.models import Asset, Backfill, Dag, DagVersion, Run, Task

pytestmark = pytest.mark.anyio


async def said(airflow: FakeAirflow, folder: Path, kind: str, **more: object) -> str:
    """What plan_change answers; it never changes anything."""
    async with connected(room(airflow), ALICE, state=folder) as there:
        asked = {"kind": kind, "dag": "sales", **more}
        result = await there.call("plan_change", asked)

    assert airflow.acts == []
    return text_of(result)


async def test_clear_says_which_instances_and_which_succeeded(tmp_path: Path) -> None:
    text = await said(sales(), tmp_path, "clear", run="r1")

    assert "Clear 4 task instances of sales / r1" in text
    assert "2 upstream_failed, 1 failed, 1 success" in text
    assert "1 had succeeded, and all they do is done again" in text
    assert "the run goes from failed to queued" in text
    assert "risk destroy" in text


async def test_clear_of_failures_alone_can_be_undone(tmp_path: Path) -> None:
    text = await said(sales(), tmp_path, "clear", run="r1", include=["failed_only"])

    assert "Clear 3 task instances" in text
    assert "extract" not in text
    assert "risk write" in text


async def test_clear_without_a_run_is_refused(tmp_path: Path) -> None:
    text = await said(sales(), tmp_path, "clear", tasks=["load"])

    assert "without one Airflow would take every run" in text


async def test_unknown_task_is_an_error_with_the_nearest_one(tmp_path: Path) -> None:
    text = await said(sales(), tmp_path, "clear", run="r1", tasks=["laod"])

    assert "sales has no task laod. Did you mean load?" in text


async def test_unknown_run_is_an_error(tmp_path: Path) -> None:
    assert "no run r9" in await said(sales(), tmp_path, "clear", run="r9")


async def test_unknown_map_index_is_an_error(tmp_path: Path) -> None:
    airflow = sales()
    for index in range(3):
        airflow.put("sales", "r1", "split", index, "failed")

    text = await said(airflow, tmp_path, "clear", run="r1", tasks=["split[7]"])

    assert "no split[7]: its 3 instances have the indexes 0 to 2" in text


async def test_index_of_a_task_that_is_not_mapped_is_an_error(tmp_path: Path) -> None:
    text = await said(sales(), tmp_path, "clear", run="r1", tasks=["load[0]"])

    assert "write load, not load[0]" in text


async def test_clear_of_running_work_is_refused_in_words(tmp_path: Path) -> None:
    airflow = sales()
    airflow.put("sales", "r1", "load", -1, "running")

    text = await said(airflow, tmp_path, "clear", run="r1", tasks=["load"])

    assert "1 of these instances run just now (load)" in text
    assert "never done" in text


async def test_mark_says_what_would_be_queued_again_below_it(tmp_path: Path) -> None:
    text = await said(sales(), tmp_path, "mark", run="r1", tasks=["load"], state="success")

    assert "1 set to success (1 failed): load" in text
    assert "2 cleared and run again (2 upstream_failed): check, report" in text
    assert "the run goes from failed to queued" in text


async def test_mark_failed_with_downstream_runs_again_what_it_has_just_failed(
    tmp_path: Path,
) -> None:
    airflow = sales()
    airflow.put("sales", "r1", "check", -1, "success")

    text = await said(
        airflow,
        tmp_path,
        "mark",
        run="r1",
        tasks=["extract"],
        state="failed",
        include=["downstream"],
    )

    assert "1 set to failed (1 success): extract" in text
    assert "3 cleared and run again" in text


async def test_mark_of_a_leaf_says_that_the_run_stays_as_it_is(tmp_path: Path) -> None:
    text = await said(sales(), tmp_path, "mark", run="r1", tasks=["check"], state="success")

    assert "the run stays failed" in text


async def test_mark_of_running_work_says_that_it_is_killed(tmp_path: Path) -> None:
    airflow = sales()
    airflow.put("sales", "r1", "load", -1, "running")

    text = await said(airflow, tmp_path, "mark", run="r1", tasks=["load"], state="failed")

    assert "1 at work now, which is killed: load" in text
    assert "risk destroy" in text


async def test_mark_of_what_is_marked_already_is_refused(tmp_path: Path) -> None:
    text = await said(sales(), tmp_path, "mark", run="r1", tasks=["extract"], state="success")

    assert "success already" in text


async def test_consumers_of_what_would_be_made_again_are_named(tmp_path: Path) -> None:
    airflow = sales()
    airflow.add_dag(Dag(dag_id="weekly", is_paused=True), {"a": []})
    airflow.all_assets = (
        Asset(
            id=1,
            name="orders",
            producers=(("sales", "report"),),
            scheduled_dags=("weekly", "hidden_or_gone"),
        ),
        Asset(id=2, name="raw", producers=(("sales", "extract"),), scheduled_dags=("weekly",)),
    )

    text = await said(airflow, tmp_path, "clear", run="r1", tasks=["report"])

    assert "new data of orders may start weekly (paused: it only queues)" in text
    assert "raw" not in text
    assert "hidden_or_gone" not in text


async def test_clear_says_that_the_code_has_changed_since(tmp_path: Path) -> None:
    airflow = sales()
    airflow.known["sales"] = replace(airflow.known["sales"], version=DagVersion(version_number=4))

    own = await said(airflow, tmp_path, "clear", run="r1", tasks=["load"])
    latest = await said(
        airflow, tmp_path, "clear", run="r1", tasks=["load"], include=["latest_version"]
    )

    assert "code: version 1, as before; the latest is 4" in own
    assert "code: the latest version 4, not version 1 as before" in latest


async def test_dag_that_reruns_the_latest_version_is_told_so(tmp_path: Path) -> None:
    airflow = sales()
    airflow.known["sales"] = replace(
        airflow.known["sales"],
        version=DagVersion(version_number=4),
        rerun_with_latest_version=True,
    )

    text = await said(airflow, tmp_path, "clear", run="r1", tasks=["load"])

    assert "the latest version 4, not version 1" in text


async def test_clear_on_a_paused_dag_says_that_it_waits(tmp_path: Path) -> None:
    airflow = sales()
    airflow.known["sales"] = replace(airflow.known["sales"], is_paused=True)

    assert "the DAG is paused" in await said(airflow, tmp_path, "clear", run="r1")


async def test_trigger_on_a_paused_dag_stays_queued_and_unpauses_nothing(tmp_path: Path) -> None:
    airflow = sales()
    airflow.known["sales"] = replace(airflow.known["sales"], is_paused=True)

    text = await said(airflow, tmp_path, "trigger", key="x1")

    assert "Start a run of sales named dragoman__x1" in text
    assert "stays queued until somebody unpauses it" in text
    assert airflow.known["sales"].is_paused


async def test_conf_is_held_against_the_params(tmp_path: Path) -> None:
    airflow = sales()
    params = {
        "rows": {"value": 10, "schema": {"type": "integer", "minimum": 1}},
        "mode": {"value": "all", "schema": {"enum": ["all", "new"]}},
        "day": {"value": None, "schema": {"type": "string"}},
    }
    airflow.known["sales"] = replace(airflow.known["sales"], params=params)

    bad = await said(airflow, tmp_path, "trigger", conf={"rows": "ten", "mode": "some"})
    small = await said(airflow, tmp_path, "trigger", conf={"rows": 0, "day": "x"})
    extra = await said(airflow, tmp_path, "trigger", conf={"day": "x", "rowz": 3})

    assert "rows must be integer" in bad
    assert "mode must be one of all, new" in bad
    assert "day is required" in bad
    assert "rows must be at least 1" in small
    assert "conf has keys that are no params of the DAG: rowz, perhaps rows" in extra


async def test_trigger_of_a_run_that_exists_says_its_state(tmp_path: Path) -> None:
    airflow = sales()
    airflow.add_run("sales", "dragoman__x1", "running", {})

    text = await said(airflow, tmp_path, "trigger", key="x1")

    assert "This run exists: dragoman__x1, running" in text


async def test_unpause_counts_the_runs_that_catchup_makes(tmp_path: Path) -> None:
    airflow = sales()
    first = datetime.now(UTC) - timedelta(days=9, hours=1)
    airflow.known["sales"] = replace(
        airflow.known["sales"],
        is_paused=True,
        catchup=True,
        timetable_summary="@daily",
        next_logical_date=first,
        next_run_after=first + timedelta(days=1),
    )
    airflow.add_run("sales", "q1", "queued", {})

    text = await said(airflow, tmp_path, "unpause")

    assert "10 runs are made" in text
    assert "catchup makes a run for each missed interval, 3 at a time" in text
    assert "1 run start or go on: q1" in text


async def test_unpause_without_catchup_makes_up_for_one_interval(tmp_path: Path) -> None:
    airflow = sales()
    airflow.known["sales"] = replace(
        airflow.known["sales"],
        is_paused=True,
        catchup=False,
        next_logical_date=datetime.now(UTC) - timedelta(days=2),
        next_run_after=datetime.now(UTC) - timedelta(days=1),
    )

    text = await said(airflow, tmp_path, "unpause")

    assert "the latest interval alone is made up for" in text
    assert "runs are made" not in text


async def test_pause_says_what_goes_on(tmp_path: Path) -> None:
    text = await said(sales(), tmp_path, "pause")

    assert "tasks that run now go on" in text


async def test_pause_of_a_paused_dag_is_refused(tmp_path: Path) -> None:
    airflow = sales()
    airflow.known["sales"] = replace(airflow.known["sales"], is_paused=True)

    assert "paused already" in await said(airflow, tmp_path, "pause")


SPAN = {"since": "2026-05-01T00:00:00Z", "until": "2026-05-03T00:00:00Z"}


def with_runs() -> FakeAirflow:
    airflow = sales()
    for day, state in ((1, "success"), (2, "failed")):
        run = Run(
            dag_id="sales",
            run_id=f"scheduled__{day}",
            state=state,
            run_type="scheduled",
            logical_date=datetime(2026, 5, day, tzinfo=UTC),
        )
        airflow.made["sales", run.run_id] = run
    return airflow


async def test_backfill_names_the_runs_that_it_would_run_again(tmp_path: Path) -> None:
    new = await said(with_runs(), tmp_path, "backfill", **SPAN)
    again = await said(with_runs(), tmp_path, "backfill", reprocess="completed", **SPAN)

    assert "1 run is made, for 2026-05-03" in new
    assert "risk write" in new
    assert "2 runs run again: scheduled__1, scheduled__2" in again
    assert "1 failed, 1 success" in again
    assert "risk destroy" in again


async def test_second_backfill_is_a_conflict(tmp_path: Path) -> None:
    airflow = with_runs()
    airflow.fills[7] = Backfill(id=7, dag_id="sales")

    assert "Backfill 7 of sales is active" in await said(airflow, tmp_path, "backfill", **SPAN)


async def test_cancel_says_what_is_killed_and_what_is_skipped(tmp_path: Path) -> None:
    airflow = sales()
    airflow.add_run(
        "sales",
        "r2",
        "running",
        {"extract": "success", "load": "running", "check": "", "report": ""},
    )

    text = await said(airflow, tmp_path, "cancel", run="r2")

    assert "End run sales / r2 as failed" in text
    assert "1 set to failed (1 running): load" in text
    assert "2 set to skipped (2 no state): check, report" in text
    assert "1 at work now, which is killed: load" in text
    assert "risk destroy" in text


async def test_cancel_of_one_mapped_instance_at_work_fails_its_siblings_too(
    tmp_path: Path,
) -> None:
    airflow = sales()
    airflow.graph["sales"] += (Task(task_id="split", is_mapped=True),)
    states = {"split[0]": "success", "split[1]": "running", "split[2]": "scheduled"}
    airflow.add_run("sales", "r2", "running", states)

    text = await said(airflow, tmp_path, "cancel", run="r2")

    assert "3 set to failed" in text
    assert "skipped" not in text


async def test_cancel_leaves_teardowns_to_their_work(tmp_path: Path) -> None:
    airflow = sales()
    airflow.graph["sales"] += (Task(task_id="drop_cluster", trigger_rule="all_done_setup_success"),)
    airflow.add_run("sales", "r2", "running", {"load": "running", "drop_cluster": ""})

    text = await said(airflow, tmp_path, "cancel", run="r2")

    assert "teardown drop_cluster still runs, and the run ends after it" in text
    assert "skipped" not in text


async def test_cancel_of_an_ended_run_is_refused(tmp_path: Path) -> None:
    assert "has ended already" in await said(sales(), tmp_path, "cancel", run="r1")


def long_backfill(runs: int) -> FakeAirflow:
    airflow = sales()
    airflow.fills[7] = Backfill(id=7, dag_id="sales")
    for number in range(runs):
        run = Run(dag_id="sales", run_id=f"b{number}", state="queued", run_type="backfill")
        airflow.made["sales", run.run_id] = run
    return airflow


async def test_cancel_of_a_backfill_counts_every_run_that_it_fails(tmp_path: Path) -> None:
    text = await said(long_backfill(1_001), tmp_path, "cancel")

    assert "1001 runs are failed" in text


async def test_backfill_whose_runs_cannot_all_be_read_is_not_cancelled(tmp_path: Path) -> None:
    text = await said(long_backfill(10_001), tmp_path, "cancel")

    assert "Only 10,000 of 10,001 runs of backfill 7 could be read" in text


async def test_unpause_is_not_planned_when_not_all_waiting_runs_can_be_read(
    tmp_path: Path,
) -> None:
    airflow = long_backfill(10_001)
    airflow.known["sales"] = replace(airflow.known["sales"], is_paused=True)

    text = await said(airflow, tmp_path, "unpause")

    assert "Only 10,000 of 10,001 active runs of sales could be read" in text


async def test_cancel_without_a_run_takes_the_active_backfill(tmp_path: Path) -> None:
    airflow = sales()
    airflow.fills[7] = Backfill(id=7, dag_id="sales")
    for state in ("queued", "running"):
        run = Run(dag_id="sales", run_id=f"b-{state}", state=state, run_type="backfill")
        airflow.made["sales", run.run_id] = run

    text = await said(airflow, tmp_path, "cancel")

    assert "Cancel the active backfill of sales (backfill 7)" in text
    assert "1 run are failed: b-queued" in text
    assert "1 of its runs run just now and go on" in text


async def test_what_does_not_belong_to_the_kind_is_refused(tmp_path: Path) -> None:
    text = await said(sales(), tmp_path, "clear", run="r1", conf={"a": 1}, state="failed")

    assert "conf, state does not belong to kind=clear" in text


def test_conf_that_json_cannot_hold_is_refused() -> None:
    asked = Asked(Kind.TRIGGER, conf={"a": {"b": [float("nan")]}})

    with pytest.raises(BadInput, match="NaN or Infinity"):
        asked.wanted("prod", "sales", "")


async def test_hidden_dag_reads_like_an_unknown_one(tmp_path: Path) -> None:
    async with connected(room(sales()), ALICE, state=tmp_path) as there:
        result = await there.call("plan_change", {"kind": "pause", "dag": "payroll"})

    assert result.is_error


async def test_reader_sees_neither_tool(tmp_path: Path) -> None:
    async with connected(room(sales()), BOB, state=tmp_path) as there:
        listed = await there.client.list_tools()

    assert listed.tools == []


async def test_airflow_2_says_what_it_cannot(tmp_path: Path) -> None:
    airflow = sales()
    airflow.missing = frozenset(Feature)
    airflow.version = "2.11.2"

    clear = await said(airflow, tmp_path, "clear", run="r1", tasks=["load"])
    one = await said(airflow, tmp_path, "mark", run="r1", tasks=["load[0]"], state="success")
    fill = await said(airflow, tmp_path, "backfill", **SPAN)

    assert "this Airflow keeps no versions" in clear
    assert "not known on this Airflow" in clear
    assert "kills an instance that starts in the very moment" in clear
    assert "marks whole tasks alone" in one
    assert "cannot backfill over its API" in fill


async def test_airflow_2_clears_a_mapped_task_whole_or_by_its_failures(tmp_path: Path) -> None:
    airflow = sales()
    airflow.missing = frozenset(Feature)
    for index, standing in enumerate(("success", "failed")):
        airflow.put("sales", "r1", "split", index, standing)

    one = await said(airflow, tmp_path, "clear", run="r1", tasks=["split[1]"])
    failed = await said(
        airflow, tmp_path, "clear", run="r1", tasks=["split"], include=["failed_only"]
    )

    assert "whole tasks alone" in one
    assert "Clear 1 task instance of" in failed


async def test_plan_is_whole_in_its_structured_form_too(tmp_path: Path) -> None:
    async with connected(room(sales()), ALICE, state=tmp_path) as there:
        plan_id = await planned(there, "clear", run="r1")
        result = await there.call("plan_change", {"kind": "clear", "dag": "sales", "run": "r1"})

    assert result.structured_content is not None
    assert result.structured_content["next"]["tool"] == "apply_plans"
    assert result.structured_content["risk"] == "destroy"
    assert result.structured_content["plan_id"] != plan_id
