"""What the facts say of runs whose truth is known, and of events in odd order."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dragoman_spark.eventlog.facts import Application, JobResult
from dragoman_spark.eventlog.grouping import exit_code_in
from dragoman_spark.eventlog.read import read_application
from dragoman_spark.eventlog.tasks import ReasonKind, StageKey, StageStatus
from dragoman_spark.sources import LogRoot, Sources
from dragoman_spark.sources.files import LogFile

CORPUS = Path(__file__).parent / "corpus"


def run(name: str) -> Application:
    (found,) = Sources([LogRoot("logs", str(CORPUS / name))]).find().found
    return read_application(found.files)


def told(*events: Mapping[str, Any], name: str = "app-20260101000000-0001") -> Application:
    """The facts of a log of these events, their names without the common prefix."""
    lines = [
        json.dumps(
            {"Event": f"SparkListener{event['Event']}"}
            | {k: event[k] for k in event if k != "Event"},
            separators=(",", ":"),
        )
        for event in events
    ]
    data = "".join(f"{line}\n" for line in lines).encode()
    return read_application([LogFile(f"logs/{name}", len(data), 1, lambda: io.BytesIO(data))])


def task(index: int, reason: Mapping[str, Any], **info: Any) -> dict[str, Any]:
    about = {
        "Task ID": index,
        "Index": index,
        "Attempt": 0,
        "Launch Time": 1_000,
        "Executor ID": "1",
        "Finish Time": 2_000,
    }
    return {
        "Event": "TaskEnd",
        "Stage ID": 0,
        "Stage Attempt ID": 0,
        "Task End Reason": reason,
        "Task Info": about | info,
    }


def test_heap_exhaustion_is_a_group_of_its_own_before_the_executors_loss() -> None:
    facts = run("executor_oom")

    first = facts.failures[0]
    assert (first.reason, first.class_name) == (
        ReasonKind.EXCEPTION,
        "java.lang.OutOfMemoryError",
    )
    assert first.trace.startswith("java.lang.OutOfMemoryError: Java heap space\n\tat ")
    lost = [group for group in facts.failures if group.reason is ReasonKind.EXECUTOR_LOST]
    assert {group.exit_code for group in lost} == {52}
    assert {one.exit_code for one in facts.executors.values() if one.exit_code != 143} == {52, None}


def test_killed_tasks_are_counted_apart_and_say_why() -> None:
    facts = run("max_result_size")

    killed = sum(stage.killed for stage in facts.stages.values())
    assert killed > 0
    assert sum(stage.failed for stage in facts.stages.values()) == sum(
        group.count for group in facts.failures if group.reason is not ReasonKind.KILLED
    )
    assert "exceeded maxResultSize" in facts.failures[0].description


def test_a_fetch_failure_names_the_executor_it_fetched_from() -> None:
    facts = run("fetch_failure")

    fetch = next(group for group in facts.failures if group.reason is ReasonKind.FETCH_FAILED)
    assert set(fetch.fetched_from) <= {"0", "1"}
    assert fetch.fetched_from
    assert "FileSegmentManagedBuffer" in fetch.description


def test_a_killed_driver_leaves_its_last_event_and_no_end() -> None:
    facts = run("driver_killed")

    assert not facts.ended
    assert facts.in_progress
    assert facts.last
    assert facts.last.kind == "SparkListenerJobStart"
    assert [job.id for job in facts.jobs.values() if job.result is JobResult.NONE] == [2]


def test_a_connect_servers_operations_belong_to_their_user_and_tags() -> None:
    facts = run("connect")

    operations = list(facts.operations.values())
    assert [one.state for one in operations] == ["finished", "finished", "failed", "failed"]
    assert {one.user for one in operations} == {"alice"}
    assert set(operations[0].tags) == {"dag_id=ads_daily", "task_id=agg", "run_id=manual-1"}
    assert "[USER_RAISED_EXCEPTION] id out of range" in (operations[2].error or "")
    assert any("Tag_dag_id=ads_daily" in tag for job in facts.jobs.values() for tag in job.tags)
    assert len(facts.sessions) == 1


def test_a_streaming_query_tells_its_progress_and_its_end() -> None:
    (query,) = run("streaming").queries

    assert query.terminated
    assert query.name == "t"
    assert query.exception
    assert "[USER_RAISED_EXCEPTION] bad record 150" in query.exception
    assert query.started
    assert query.last_progress
    assert query.last_progress > query.started


def test_an_analysis_error_stands_in_the_sql_execution_alone() -> None:
    facts = run("analysis_error")

    assert all(job.result is JobResult.SUCCEEDED for job in facts.jobs.values())
    errors = [one.error for one in facts.executions.values() if one.error]
    assert len(errors) == 1
    assert "[UNRESOLVED_COLUMN.WITH_SUGGESTION]" in errors[0]


def test_the_environment_holds_sparks_settings_and_the_command() -> None:
    environment = run("udf_exception").environment

    assert environment.master == "local-cluster[2,1,1024]"
    assert environment.properties["spark.sql.shuffle.partitions"] == "16"
    assert environment.java_version == "17.0.15 (Debian)"
    assert environment.command
    assert "SparkSubmit" in environment.command


def test_a_late_task_end_still_counts_for_its_completed_stage() -> None:
    info = {"Stage ID": 0, "Stage Attempt ID": 0, "Number of Tasks": 1, "Completion Time": 5}

    facts = told(
        {"Event": "StageCompleted", "Stage Info": info},
        task(0, {"Reason": "ExceptionFailure", "Class Name": "E", "Description": "d"}),
    )

    assert facts.stages[StageKey(0, 0)].failed == 1
    assert facts.stages[StageKey(0, 0)].status is StageStatus.COMPLETE


def test_a_stage_that_completes_twice_keeps_its_time_and_gains_its_failure() -> None:
    info = {"Stage ID": 0, "Stage Attempt ID": 0, "Completion Time": 5}
    again = info | {"Completion Time": 9, "Failure Reason": "lost"}

    facts = told(
        {"Event": "StageCompleted", "Stage Info": info},
        {"Event": "StageCompleted", "Stage Info": again},
    )

    (stage,) = facts.stages.values()
    assert (stage.completed, stage.failure, stage.status) == (5, "lost", StageStatus.FAILED)


def test_failures_that_differ_only_in_numbers_are_one_group() -> None:
    def reason(number: int) -> dict[str, Any]:
        text = f"Task {number} read 0x{number:x} at part-{number}"
        return {"Reason": "ExceptionFailure", "Class Name": "E", "Description": text}

    facts = told(*(task(n, reason(n), **{"Executor ID": str(n % 3)}) for n in range(20)))

    (group,) = facts.failures
    assert (group.count, group.tasks, group.executor_ids) == (20, 20, ("0", "1", "2"))
    assert [one.task_id for one in group.sample] == list(range(8))


def test_a_task_that_ran_backwards_has_no_duration_at_all() -> None:
    metrics = {"Task Metrics": {"Executor Run Time": 5}}

    facts = told(task(0, {"Reason": "Success"}, **{"Finish Time": 10}) | metrics)

    (stage,) = facts.stages.values()
    assert stage.durations.counts == {}
    assert not stage.slowest
    assert stage.sums.run_ms == 5


def test_executions_and_jobs_whose_start_was_lost_are_kept() -> None:
    facts = told(
        {"Event": "JobEnd", "Job ID": 3, "Job Result": {"Result": "JobFailed"}},
        {"Event": "ExecutorRemoved", "Executor ID": "9", "Timestamp": 4, "Removed Reason": "r"},
    )

    assert facts.jobs[3].result is JobResult.FAILED
    assert facts.jobs[3].submitted is None
    assert facts.executors["9"].host is None


@pytest.mark.parametrize("how", ["Excluded", "Blacklisted", "ExcludedForStage"])
def test_exclusions_are_read_in_either_wording(how: str) -> None:
    facts = told({"Event": f"Executor{how}", "time": 7, "executorId": "4", "taskFailures": 2})

    (exclusion,) = facts.exclusions
    assert (exclusion.executor_id, exclusion.time) == ("4", 7)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Command exited with code 137", 137),
        ("The executor with id 1 exited with exit code 52(OOM).", 52),
        ("Container marked as failed. Exit status: 143. Diagnostics: killed", 143),
        ("Container from a bad node: c_1. Exit status: -100.", -100),
        ("Executor heartbeat timed out after 137000 ms", None),
        ("worker lost", None),
    ],
)
def test_exit_codes_are_read_in_the_words_of_any_cluster_manager(
    text: str, code: int | None
) -> None:
    assert exit_code_in(text) == code
