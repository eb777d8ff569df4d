"""How applications end that Spark calls completed, whatever happened."""

import io
import json
from typing import Any

import pytest

from dragoman_spark.eventlog.facts import Application
from dragoman_spark.eventlog.read import read_application
from dragoman_spark.logs.process import ProcessLogs
from dragoman_spark.outcome import Ending, Outcome, Sure, judge
from dragoman_spark.sources import LogFile

SQL = "org.apache.spark.sql.execution.ui.SparkListenerSQLExecution"
PYTHON = "org.apache.spark.deploy.SparkSubmit /app/job.py"
STOPPED = "26/01/01 01:00:09 INFO SparkContext: Successfully stopped SparkContext\n"
BY_ITSELF = (
    "26/01/01 01:00:08 INFO SparkContext: SparkContext is stopping with exitCode 0 from stop at"
    " NativeMethodAccessorImpl.java:0.\n" + STOPPED
)
BY_HOOK = "26/01/01 01:00:08 INFO SparkContext: Invoking stop() from shutdown hook\n" + STOPPED
TRACEBACK = 'Traceback (most recent call last):\n  File "/app/job.py", line 3, in f\nKeyError: 1\n'
GATEWAY = (
    'Traceback (most recent call last):\n  File "/x/py4j/java_gateway.py", line 9, in send\n'
    "py4j.protocol.Py4JNetworkError: Answer from Java side is empty\n"
)

Event = dict[str, Any]


def start(command: str = PYTHON) -> list[Event]:
    return [
        {"Event": "SparkListenerLogStart", "Spark Version": "4.3.0"},
        {
            "Event": "SparkListenerEnvironmentUpdate",
            "Spark Properties": {"spark.master": "local-cluster[2,1,1024]"},
            "System Properties": {"sun.java.command": command},
        },
        {
            "Event": "SparkListenerApplicationStart",
            "App Name": "a",
            "App ID": "app-1",
            "Timestamp": 1_000_000,
            "User": "u",
        },
    ]


def end(code: int = 0) -> list[Event]:
    return [{"Event": "SparkListenerApplicationEnd", "Timestamp": 9_000_000, "ExitCode": code}]


def job(number: int, error: str = "", execution: int | None = None) -> list[Event]:
    properties = {} if execution is None else {"spark.sql.execution.id": str(execution)}
    failed: Event = {"Result": "JobFailed", "Exception": {"Message": error, "Stack Trace": []}}
    time = 2_000_000 + number * 1_000
    return [
        {
            "Event": "SparkListenerJobStart",
            "Job ID": number,
            "Submission Time": time,
            "Stage Infos": [],
            "Stage IDs": [number],
            "Properties": properties,
        },
        {
            "Event": "SparkListenerJobEnd",
            "Job ID": number,
            "Completion Time": time + 500,
            "Job Result": failed if error else {"Result": "JobSucceeded"},
        },
    ]


def query(number: int, error: str, inner: list[Event]) -> list[Event]:
    began: Event = {
        "Event": SQL + "Start",
        "executionId": number,
        "description": "",
        "details": "",
        "physicalPlanDescription": "",
        "sparkPlanInfo": {},
        "time": 2_000_000,
    }
    ended = {"Event": SQL + "End", "executionId": number, "time": 2_000_900, "errorMessage": error}
    return [began, *inner, ended]


def application(*parts: list[Event]) -> Application:
    events = [event for part in parts for event in part]
    text = "".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events)
    return read_application([file("logs/app-1", text)])


def file(name: str, text: str) -> LogFile:
    data = text.encode()
    return LogFile(name, len(data), 0, lambda: io.BytesIO(data))


def ending(read: Application | None, stderr: str = "", stdout: str | None = "") -> Ending:
    files = [file("logs/driver.stderr", stderr)] if stderr else []
    files += [file("logs/driver.stdout", stdout)] if stdout is not None and stderr else []
    logs = ProcessLogs(files)
    return judge(read, logs.driver, 99_000_000_000, has_stdout=logs.has_stdout)


def test_a_failure_with_good_work_after_it_was_caught() -> None:
    found = ending(application(start(), job(0, "boom"), job(1), end()))

    assert (found.outcome, found.sure) == (Outcome.SUCCEEDED, Sure.MEDIUM)
    assert len(found.caught) == 1


def test_a_failure_with_nothing_after_it_fails_the_application_less_surely_without_logs() -> None:
    found = ending(application(start(), job(0), job(1, "boom"), end()))

    assert (found.outcome, found.sure) == (Outcome.FAILED, Sure.MEDIUM)


def test_a_last_failure_was_caught_if_the_driver_stopped_by_itself_and_printed_nothing() -> None:
    found = ending(application(start(), job(0), job(1, "boom"), end()), BY_ITSELF, "done\n")

    assert (found.outcome, found.sure) == (Outcome.SUCCEEDED, Sure.MEDIUM)


def test_silence_proves_nothing_where_a_python_driver_s_output_is_missing() -> None:
    found = ending(application(start(), job(0, "boom"), end()), BY_ITSELF, stdout=None)

    assert found.outcome is Outcome.FAILED


def test_a_final_traceback_fails_an_application_whose_work_went_well() -> None:
    found = ending(application(start(), job(0), end()), BY_HOOK, "starting\n" + TRACEBACK)

    assert (found.outcome, found.sure) == (Outcome.FAILED, Sure.HIGH)


def test_a_traceback_with_output_after_it_and_an_orderly_stop_was_only_reported() -> None:
    found = ending(application(start(), job(0), end()), BY_ITSELF, TRACEBACK + "using defaults\n")

    assert found.outcome is Outcome.SUCCEEDED


def test_cleaning_up_after_a_failure_does_not_hide_it() -> None:
    read = application(start(), job(0, "boom"), job(1), end())

    found = ending(read, BY_ITSELF, TRACEBACK)

    assert found.outcome is Outcome.FAILED


def test_a_failed_job_of_a_query_that_went_well_is_no_failure() -> None:
    read = application(start(), query(3, "", [*job(0, "cancelled", 3), *job(1, "", 3)]), end())

    found = ending(read)

    assert (found.outcome, found.caught) == (Outcome.SUCCEEDED, ())


@pytest.mark.parametrize("code", [1, 13, 143])
def test_an_exit_code_that_spark_does_write_counts(code: int) -> None:
    assert ending(application(start(), job(0), end(code))).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "line",
    [
        "26/01/01 01:00:09 INFO ApplicationMaster: Final app status: FAILED, exitCode: 15\n",
        "26/01/01 01:00:09 ERROR ApplicationMaster: User class threw exception: a.B: no\n",
        "26/01/01 01:00:09 ERROR ApplicationMaster: User application exited with status 1\n",
    ],
)
def test_what_the_cluster_manager_says_counts(line: str) -> None:
    assert ending(application(start("a.B"), job(0), end()), line).outcome is Outcome.FAILED


def test_a_log_without_an_end_vanished_unless_the_driver_stopped_in_order() -> None:
    read = application(start(), job(0))

    assert ending(read, "26/01/01 01:00:01 INFO A: b\n").outcome is Outcome.VANISHED
    assert ending(read, BY_HOOK).outcome is Outcome.SUCCEEDED


def test_a_python_driver_that_lost_its_jvm_tells_only_that_it_vanished() -> None:
    found = ending(application(start(), job(0)), "26/01/01 01:00:01 INFO A: b\n", GATEWAY)

    assert found.outcome is Outcome.VANISHED


def test_a_server_of_many_statements_is_mixed_when_some_failed() -> None:
    thrift = "org.apache.spark.deploy.SparkSubmit --class org.apache.spark.HiveThriftServer2"
    read = application(start(thrift), query(0, "[X] no", []), query(1, "", job(0)), end())

    assert ending(read).outcome is Outcome.MIXED


@pytest.mark.parametrize(
    ("stdout", "outcome"),
    [(TRACEBACK, Outcome.FAILED), ("done\n", Outcome.SUCCEEDED)],
)
def test_driver_logs_alone_tell_how_it_ended(stdout: str, outcome: Outcome) -> None:
    assert ending(None, BY_HOOK, stdout).outcome is outcome
