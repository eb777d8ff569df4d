"""What must not change a verdict: noise of the end, slow starts, recovered losses, names."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from dragoman_spark.eventlog.read import read_application
from dragoman_spark.logs.process import ProcessLogs
from dragoman_spark.sources import LogFile
from dragoman_spark.sources.codecs import decode
from dragoman_spark.verdict import Confidence, Verdict, diagnose

if TYPE_CHECKING:
    from served_run import Run

LATER = 1_800_000_000_000
FAILED = [
    "analysis_error",
    "broadcast_timeout",
    "executor_oom",
    "executor_sigkill",
    "fetch_failure",
    "json_logs",
    "max_result_size",
    "missing_input",
    "output_not_writable",
    "python_worker_crash",
    "streaming",
    "udf_exception",
]
HEALTHY = ["executor_lost_recovered", "healthy", "skew_spill", "straggler", "connect"]
NOISE = (
    "26/11/24 23:00:00 ERROR TaskSchedulerImpl: Lost executor 7 on h: exit code 137\n"
    "26/11/24 23:00:00 ERROR Worker: Failed to launch executor app-1/78 for x.\n"
    "java.lang.IllegalStateException: Shutdown hooks cannot be modified during shutdown.\n"
    "\tat org.apache.spark.util.SparkShutdownHookManager.add(ShutdownHookManager.scala:212)\n"
)

Event = dict[str, Any]
Edit = Callable[[list[Event]], list[Event]]


def events_of(run: Run) -> list[Event]:
    files = [file for file in run.found.files if "appstatus" not in file.name]
    return [json.loads(line) for file in files for line in whole(file).splitlines()]


def whole(file: LogFile) -> bytes:
    source, data, buffer = decode(file), bytearray(), bytearray(1 << 20)
    while count := source.readinto(memoryview(buffer)):
        data += buffer[:count]
    source.close()
    return bytes(data)


def file_of(name: str, data: bytes) -> LogFile:
    return LogFile(name, len(data), 0, lambda: io.BytesIO(data))


def text_of(file: LogFile) -> str:
    return whole(file).decode("utf-8", "replace")


def logs_of(run: Run, change: Callable[[str], str] = lambda text: text) -> ProcessLogs:
    beside = run.sources.logs(run.found)

    def changed(file: LogFile) -> LogFile:
        return file_of(file.name.removesuffix(".gz"), change(text_of(file)).encode())

    executors = {
        key: [changed(file) for file in files] for key, files in (beside.executors or {}).items()
    }
    return ProcessLogs([changed(file) for file in beside.driver], executors)


def diagnosed(events: list[Event], logs: ProcessLogs) -> Verdict:
    data = "".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events).encode()
    return diagnose(read_application([file_of("logs/app-1-1", data)]), logs, LATER)


def removed(executor: str, reason: str, time: int) -> Event:
    return {
        "Event": "SparkListenerExecutorRemoved",
        "Timestamp": time,
        "Executor ID": executor,
        "Removed Reason": reason,
    }


def with_noise(events: list[Event]) -> list[Event]:
    """Executors lost after all work, before and after the application's end."""
    end = [event for event in events if event["Event"] == "SparkListenerApplicationEnd"]
    rest = [event for event in events if event not in end]
    time = 1_795_600_000_000
    lost = [removed(str(n), "Command exited with code 137", time + n) for n in range(70, 76)]
    hooks = "java.lang.IllegalStateException: Shutdown hooks cannot be modified during shutdown."
    return [*rest, *lost, *end, *(removed(str(n), hooks, time + n) for n in range(76, 90))]


def with_recovered_loss(events: list[Event]) -> list[Event]:
    """An executor lost at the first task, long before anything failed; its task ran again."""
    first = next(i for i, event in enumerate(events) if event["Event"] == "SparkListenerTaskStart")
    time = int(events[first]["Task Info"]["Launch Time"])
    info = dict(events[first]["Task Info"]) | {
        "Executor ID": "66",
        "Task ID": 9_999,
        "Failed": True,
    }
    info["Finish Time"] = time + 1
    stage = {key: events[first][key] for key in ("Stage ID", "Stage Attempt ID")}
    start = {"Event": "SparkListenerTaskStart", **stage, "Task Info": info | {"Finish Time": 0}}
    reason = {
        "Reason": "ExecutorLostFailure",
        "Executor ID": "66",
        "Exit Caused By App": False,
        "Loss Reason": "Container container_1_1 on host: h was preempted.",
    }
    end = {
        "Event": "SparkListenerTaskEnd",
        **stage,
        "Task Type": "ResultTask",
        "Task End Reason": reason,
        "Task Info": info,
    }
    lost = removed("66", "Container container_1_1 on host: h was preempted.", time + 2)
    return [*events[: first + 1], start, end, lost, *events[first + 1 :]]


def with_slow_first_task(events: list[Event]) -> list[Event]:
    at = next(i for i, event in enumerate(events) if event["Event"] == "SparkListenerTaskEnd")
    info = events[at]["Task Info"]
    slow = events[at] | {"Task Info": info | {"Launch Time": info["Launch Time"] - 120_000}}
    return [*events[:at], slow, *events[at + 1 :]]


def renamed(text: str) -> str:
    """Other names of applications, files, hosts, columns and functions; Spark's own words stay."""
    for old, new in (
        ("/tmp/probe-spark/gen/run.py", "/srv/etl/nightly/load_orders.py"),
        ("/tmp/probe-spark", "/srv/spark-data"),
        ("localhost", "node-17.example"),
        ("campaing_id", "cust_nr"),
        ("campaigns", "customers"),
        ("bad record", "quota reached for"),
        ("out_of_range", "limit"),
        ("ratio", "ctr_of"),
    ):
        text = text.replace(old, new)
    return re.sub(r"app-2026\d{10}-\d{4}|local-17955\d{8}", "app-20270101010101-0042", text)


def renamed_events(events: list[Event]) -> list[Event]:
    changed = [json.loads(renamed(json.dumps(event))) for event in events]
    for event in changed:
        if event["Event"] == "SparkListenerApplicationStart":
            event["App Name"] = "healthy OutOfMemoryError exit code 137"
    return changed


@dataclass(frozen=True)
class Known:
    """A run read once: its events and its verdict as it is."""

    run: Run
    events: list[Event]
    plain: Verdict


@pytest.fixture(scope="module")
def known_of(run_of: Callable[[str], Run]) -> Callable[[str], Known]:
    @cache
    def known(name: str) -> Known:
        run = run_of(name)
        return Known(run, events_of(run), diagnose(run.application(), run.logs(), LATER))

    return known


@pytest.mark.parametrize("name", [*FAILED, *HEALTHY])
@pytest.mark.parametrize(
    "edit", [with_noise, with_recovered_loss, with_slow_first_task, renamed_events]
)
def test_a_change_that_means_nothing_leaves_the_verdict_as_it_was(
    name: str, edit: Edit, known_of: Callable[[str], Known]
) -> None:
    known = known_of(name)
    logs = logs_of(known.run, renamed) if edit is renamed_events else known.run.logs()

    verdict = diagnosed(edit(known.events), logs)

    assert (verdict.outcome, verdict.cause) == (known.plain.outcome, known.plain.cause)


@pytest.mark.parametrize("name", [*FAILED, *HEALTHY])
def test_noise_at_the_end_of_the_driver_log_leaves_the_verdict_as_it_was(
    name: str, known_of: Callable[[str], Known]
) -> None:
    known = known_of(name)
    noisy = logs_of(known.run, lambda text: text + NOISE if "INFO SparkContext" in text else text)

    verdict = diagnose(known.run.application(), noisy, LATER)

    assert (verdict.outcome, verdict.cause) == (known.plain.outcome, known.plain.cause)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("name", FAILED)
def test_an_event_log_cut_before_its_end_never_gives_another_cause_surely(
    name: str, share: float, known_of: Callable[[str], Known]
) -> None:
    known = known_of(name)

    cut = diagnosed(known.events[: int(len(known.events) * share)], known.run.logs())

    if cut.confidence is Confidence.HIGH and cut.outcome == known.plain.outcome:
        assert cut.cause == known.plain.cause
