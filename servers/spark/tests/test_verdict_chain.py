"""From the last words of a job back to what happened before, on any cluster manager."""

import io
import json
from typing import Any

import pytest

from dragoman_spark.eventlog.read import read_application
from dragoman_spark.logs.process import ProcessLogs
from dragoman_spark.sources import LogFile
from dragoman_spark.verdict import Cause, Confidence, Verdict, diagnose

Event = dict[str, Any]

YARN = (
    "Container killed by YARN for exceeding physical memory limits. 5.5 GB of 5.5 GB physical"
    " memory used. Consider boosting spark.executor.memoryOverhead."
)
ABORTED = (
    "Job aborted due to stage failure: Task 0 in stage 0.0 failed 4 times, most recent failure: "
)
LOST = (
    ABORTED + "Lost task 0.3 in stage 0.0 (TID 9) (h executor 1): ExecutorLostFailure (executor 1"
)
FETCH = (
    "Job aborted due to stage failure: ResultStage 0 (collect at A.scala:1) has failed the maximum"
    " allowable number of times: 4. Most recent failure reason:"
    " org.apache.spark.shuffle.FetchFailedException: Connection from /10.0.0.7:7337 closed"
)
HEAP = "java.lang.OutOfMemoryError: Java heap space\n\tat org.apache.spark.X.y(X.scala:1)"


def head() -> list[Event]:
    return [
        {"Event": "SparkListenerLogStart", "Spark Version": "3.5.9"},
        {
            "Event": "SparkListenerEnvironmentUpdate",
            "Spark Properties": {"spark.master": "yarn"},
            "System Properties": {"sun.java.command": "org.apache.spark.deploy.SparkSubmit a.jar"},
        },
        {
            "Event": "SparkListenerApplicationStart",
            "App Name": "a",
            "App ID": "application_1_1",
            "Timestamp": 1_000,
            "User": "u",
        },
        {
            "Event": "SparkListenerJobStart",
            "Job ID": 0,
            "Submission Time": 2_000,
            "Stage Infos": [],
            "Stage IDs": [0],
            "Properties": {},
        },
    ]


def task(number: int, executor: str, reason: Event) -> list[Event]:
    info: Event = {
        "Task ID": number,
        "Index": 0,
        "Attempt": number,
        "Launch Time": 3_000 + number,
        "Executor ID": executor,
        "Host": "h",
        "Locality": "ANY",
        "Speculative": False,
        "Getting Result Time": 0,
        "Finish Time": 3_100 + number,
        "Failed": True,
        "Killed": False,
        "Accumulables": [],
    }
    stage = {"Stage ID": 0, "Stage Attempt ID": 0}
    return [
        {"Event": "SparkListenerTaskStart", **stage, "Task Info": info | {"Finish Time": 0}},
        {
            "Event": "SparkListenerTaskEnd",
            **stage,
            "Task Type": "ResultTask",
            "Task End Reason": reason,
            "Task Info": info,
        },
    ]


def thrown(text: str) -> Event:
    name, _, rest = text.partition(": ")
    return {
        "Reason": "ExceptionFailure",
        "Class Name": name,
        "Description": rest.split("\n")[0],
        "Stack Trace": [],
        "Full Stack Trace": text,
        "Accumulator Updates": [],
    }


def lost(executor: str, reason: str) -> Event:
    return {
        "Reason": "ExecutorLostFailure",
        "Executor ID": executor,
        "Exit Caused By App": True,
        "Loss Reason": reason,
    }


def fetch(executor: str, message: str) -> Event:
    return {
        "Reason": "FetchFailed",
        "Block Manager Address": {"Executor ID": executor, "Host": "h", "Port": 1},
        "Shuffle ID": 0,
        "Map ID": 1,
        "Map Index": 1,
        "Reduce ID": 1,
        "Message": f"org.apache.spark.shuffle.FetchFailedException: {message}",
    }


def removed(executor: str, reason: str) -> Event:
    return {
        "Event": "SparkListenerExecutorRemoved",
        "Timestamp": 4_000,
        "Executor ID": executor,
        "Removed Reason": reason,
    }


def failed(message: str) -> list[Event]:
    return [
        {
            "Event": "SparkListenerJobEnd",
            "Job ID": 0,
            "Completion Time": 5_000,
            "Job Result": {
                "Result": "JobFailed",
                "Exception": {"Message": message, "Stack Trace": []},
            },
        },
        {"Event": "SparkListenerApplicationEnd", "Timestamp": 6_000},
    ]


def log(name: str, text: str) -> LogFile:
    data = text.encode()
    return LogFile(f"logs/{name}", len(data), 0, lambda: io.BytesIO(data))


def verdict(*parts: list[Event] | Event, driver: str = "", executor: str = "") -> Verdict:
    events = [
        *head(),
        *(event for part in parts for event in (part if isinstance(part, list) else [part])),
    ]
    text = "".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events)
    drivers = [log("driver.stderr", driver)] if driver else []
    executors = {"1": [log("executors/1/stderr", executor)]} if executor else {}
    facts = read_application([log("application_1_1", text)])
    return diagnose(facts, ProcessLogs(drivers, executors), 99_000_000_000)


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (YARN, Cause.CONTAINER_MEMORY_EXCEEDED),
        (
            "Container marked as failed. Exit status: 137. Diagnostics: x",
            Cause.EXECUTOR_KILLED_BY_OS,
        ),
        ("Executor heartbeat timed out after 124000 ms", Cause.EXECUTOR_HEARTBEAT_TIMEOUT),
        ("Container was preempted.", Cause.EXECUTOR_DECOMMISSIONED_OR_PREEMPTED),
        ("The executor with id 1 exited with exit code 52(JVM OOM).", Cause.EXECUTOR_HEAP_OOM),
        ("The executor with id 1 exited with exit code 134(?).", Cause.EXECUTOR_JVM_CRASHED),
        ("Executor Process Lost", Cause.EXECUTOR_LOST),
    ],
)
def test_a_lost_executor_s_reason_is_the_cause(reason: str, cause: Cause) -> None:
    found = verdict(
        task(0, "1", lost("1", reason)), removed("1", reason), failed(f"{LOST} exited)")
    )

    assert found.cause is cause


def test_an_executor_that_timed_out_after_running_out_of_heap_ran_out_of_heap() -> None:
    slow = "Executor heartbeat timed out after 124000 ms"
    found = verdict(
        task(0, "1", thrown(HEAP)),
        task(1, "1", lost("1", slow)),
        removed("1", slow),
        failed(f"{LOST} exited) Reason: {slow}"),
    )

    assert found.cause is Cause.EXECUTOR_HEAP_OOM


def test_an_unexplained_loss_is_explained_by_the_executor_s_own_log() -> None:
    stderr = f"26/01/01 01:00:00 ERROR Executor: Exception in task 0.0 in stage 0.0\n{HEAP}\n"

    found = verdict(
        task(0, "1", lost("1", "worker lost")), failed(f"{LOST} exited)"), executor=stderr
    )

    assert found.cause is Cause.EXECUTOR_HEAP_OOM


def test_an_unexplained_loss_is_explained_by_the_driver_s_log() -> None:
    stderr = f"26/01/01 01:00:00 WARN YarnSchedulerBackend: remove executor 1 for reason {YARN}\n"

    found = verdict(task(0, "1", lost("1", "Slave lost")), failed(f"{LOST} exited)"), driver=stderr)

    assert found.cause is Cause.CONTAINER_MEMORY_EXCEEDED


def test_a_failed_fetch_goes_back_to_the_executor_that_was_killed() -> None:
    killed = "Command exited with code 137"

    found = verdict(
        task(0, "2", fetch("1", "Connection from /10.0.0.7 closed")),
        removed("1", killed),
        failed(FETCH),
    )

    assert (found.cause, found.confidence) == (Cause.EXECUTOR_KILLED_BY_OS, Confidence.MEDIUM)
    assert "removed" in found.evidence[0].shows


@pytest.mark.parametrize(
    "message",
    [
        "Block shuffle_0_1_1 is corrupted due to DISK_ISSUE",
        "java.io.FileNotFoundException: /d/shuffle_0_1_0.index",
        "Missing an output location for shuffle 0 partition 1",
    ],
)
def test_a_failed_fetch_without_a_lost_executor_is_lost_shuffle_data(message: str) -> None:
    found = verdict(task(0, "2", fetch("1", message)), failed(FETCH))

    assert found.cause is Cause.SHUFFLE_DATA_LOST


def test_a_failed_fetch_from_a_living_executor_is_the_network() -> None:
    found = verdict(task(0, "2", fetch("1", "Connection timed out")), failed(FETCH))

    assert found.cause is Cause.NETWORK_UNREACHABLE


def test_a_result_that_was_lost_because_the_driver_ran_out_of_heap_is_the_driver_s() -> None:
    stderr = f'Exception in thread "task-result-getter-0" {HEAP}\n'
    gone = ABORTED + "Lost task 0.3: TaskResultLost (result lost from block manager)"

    found = verdict(task(0, "1", {"Reason": "TaskResultLost"}), failed(gone), driver=stderr)

    assert found.cause is Cause.DRIVER_HEAP_OOM


def test_the_first_failure_of_a_task_counts_when_its_retries_only_find_its_leftovers() -> None:
    left = "org.apache.hadoop.fs.FileAlreadyExistsException: /out/part-0 already exists"
    full = "java.io.IOException: No space left on device"

    found = verdict(
        task(0, "1", thrown(full)),
        task(1, "2", thrown(left)),
        failed(f"{ABORTED}Lost task 0.3: {left}"),
    )

    assert found.cause is Cause.DISK_FULL


def test_a_cancellation_goes_back_to_the_setting_that_caused_it() -> None:
    stderr = (
        "26/01/01 01:00:00 ERROR Inbox: Ignoring error\njava.lang.IllegalArgumentException:"
        " spark.speculation.multiplier must be at least 1\n\tat org.apache.spark.X.y(X.scala:1)\n"
    )
    cancelled = "[SPARK_JOB_CANCELLED] Job 0 cancelled as part of cancellation of all jobs"

    found = verdict(failed(cancelled), driver=stderr)

    assert found.cause is Cause.INVALID_CONFIGURATION


def test_work_cancelled_by_the_driver_s_stop_is_a_stopped_driver_less_surely() -> None:
    found = verdict(failed("Job 0 cancelled because SparkContext was shut down"))

    assert (found.cause, found.confidence) == (Cause.DRIVER_STOPPED, Confidence.MEDIUM)


def test_an_unheard_of_failure_is_shown_and_not_classed() -> None:
    found = verdict(
        failed(f"{ABORTED}Lost task 0.3: org.apache.spark.odd.Thing: the moon was full")
    )

    assert (found.cause, found.confidence) == (Cause.UNKNOWN_FAILURE, Confidence.LOW)
    assert "moon" in found.says
