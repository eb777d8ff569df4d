"""Logs with events lost: no absurd figure, what is missing is said, verdicts are less sure."""

from __future__ import annotations

import io
import json
import os
import random
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from dragoman.answer.budget import Budget
from dragoman_spark.diagnosis import diagnosed
from dragoman_spark.eventlog.facts import Application
from dragoman_spark.eventlog.read import read_application
from dragoman_spark.eventlog.summaries import Summaries
from dragoman_spark.logs.digest import read_log
from dragoman_spark.logs.process import ProcessLogs
from dragoman_spark.models import utc
from dragoman_spark.overview import Overview, overview
from dragoman_spark.sources import LogFile, LogRoot, Sources
from dragoman_spark.sources.codecs import decode
from dragoman_spark.sources.layout import arrange
from dragoman_spark.verdict import Confidence, Verdict, diagnose
from dragoman_spark.verdict.missing import less_sure, missing

if TYPE_CHECKING:
    from pathlib import Path

    from served_run import Run, Truth

LATER = 1_800_000_000_000
WHOLE = [
    "healthy",
    "executor_oom",
    "fetch_failure",
    "streaming",
    "connect",
    "json_logs",
    "rolled_healthy",
]
SQL_START = "org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart"
SQL_END = "org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionEnd"
LOSING = (
    "26/01/01 01:01:01 ERROR AsyncEventQueue: Dropping event from queue eventLog. This likely means"
    " one of the listeners is too slow.\n"
)
DROPPED = "Dropped {} events from eventLog since the application starts."
LOST = f"26/01/01 01:01:01 WARN AsyncEventQueue: {DROPPED}\n"


@pytest.fixture
def rounds() -> int:
    return 30 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 4


def lines_of(run: Run) -> list[bytes]:
    return [line for file in arrange(run.found.files).events for line in whole(file)]


def whole(file: LogFile) -> list[bytes]:
    source, data, buffer = decode(file), bytearray(), bytearray(1 << 20)
    while count := source.readinto(memoryview(buffer)):
        data += buffer[:count]
    source.close()
    return bytes(data).splitlines(keepends=True)


def told(lines: Sequence[bytes]) -> Application:
    return read_application([log(b"".join(lines))])


def log(data: bytes, name: str = "logs/app-20260101000000-0001") -> LogFile:
    return LogFile(name, len(data), 0, lambda: io.BytesIO(data))


def verdict_of(application: Application, logs: ProcessLogs) -> Verdict:
    gone = missing(application, logs.driver)
    return less_sure(diagnose(application, logs, LATER), application, logs.driver, gone)


def without(lines: Sequence[bytes], kind: str, *, last: int = 10_000) -> list[bytes]:
    """The lines but for the last events of one kind."""
    at = [number for number, line in enumerate(lines) if f'"Event":"{kind}"'.encode() in line]
    gone = set(at[-last:])
    assert gone
    return [line for number, line in enumerate(lines) if number not in gone]


def thinned(lines: Sequence[bytes], draw: random.Random) -> list[bytes]:
    """The lines without some, now one and now most of them; the first two always stay."""
    share = draw.choice([0.0, 0.02, 0.1, 0.3, 0.6])
    alone = draw.randrange(2, len(lines))
    kept = (n < 2 or (draw.random() >= share and n != alone) for n in range(len(lines)))
    return [line for line, keep in zip(lines, kept, strict=True) if keep]


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"[:\[,](-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)", text)]


def absurd(shown: Overview, whole_log: Application, run: Run) -> list[str]:
    """What cannot be, given what the whole log says."""
    full = overview(whole_log, run.found, Budget(20_000))
    assert whole_log.last
    # Executors go after the end that the application itself names.
    wall = ((whole_log.last.time or 0) - (whole_log.start or 0)) / 1000 + 0.1
    faults = ["negative" for number in numbers(shown.model_dump_json()) if number < 0]
    if shown.wall_s is not None and shown.wall_s > wall:
        faults.append(f"{shown.wall_s} s of {wall}")
    most = {row.stage: row for row in full.stages}
    for row in shown.stages:
        known = most[row.stage]
        if row.task_s > known.task_s or (row.max_ms or 0) > (known.max_ms or 0):
            faults.append(f"stage {row.stage} costs more than in the whole log")
        if row.p50_ms is not None and row.max_ms is not None and row.p50_ms > row.max_ms:
            faults.append(f"stage {row.stage} has a median above its maximum")
    return faults


@pytest.mark.proof
@pytest.mark.timeout(300)
@pytest.mark.parametrize("process_logs", ["beside", "none"])
def test_events_lost_anywhere_give_no_absurd_figure_and_no_sure_but_wrong_verdict(
    process_logs: str,
    rounds: int,
    run_of: Callable[[str], Run],
    truth: Mapping[str, Truth],
) -> None:
    for name, known in truth.items():
        run, draw = run_of(name), random.Random(name)
        lines = lines_of(run)
        full = told(lines)
        logs = run.logs() if process_logs == "beside" else ProcessLogs()
        for _ in range(rounds):
            application = told(thinned(lines, draw))
            verdict = verdict_of(application, logs)

            assert absurd(overview(application, run.found, Budget(20_000)), full, run) == [], name
            wrong = verdict.outcome != known.outcome
            assert not (wrong and verdict.outcome_confidence is Confidence.HIGH), name
            misled = verdict.cause not in {None, known.cause}
            assert not (misled and verdict.confidence is Confidence.HIGH), name


def test_whole_logs_lack_nothing(run_of: Callable[[str], Run], truth: Mapping[str, Truth]) -> None:
    said = {name: str(missing(run_of(name).application())) for name in truth}

    assert {name: text for name, text in said.items() if text} == {
        "driver_killed": "event log has no end of 1 job"
    }


def test_whole_logs_keep_the_confidence_of_their_verdicts(run_of: Callable[[str], Run]) -> None:
    for name in WHOLE:
        run = run_of(name)
        application, logs = run.application(), run.logs()

        assert verdict_of(application, logs) == diagnose(application, logs, LATER), name


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("SparkListenerTaskEnd", "no end of 2 tasks"),
        ("SparkListenerStageCompleted", "no end of 2 stages"),
        ("SparkListenerJobEnd", "no end of 2 jobs"),
        ("SparkListenerTaskStart", "no start of 2"),
        ("SparkListenerStageSubmitted", "no start of 2"),
        ("SparkListenerJobStart", "no start of"),
        (SQL_START, "no start of"),
        (SQL_END, "SQL execution"),
        ("SparkListenerEnvironmentUpdate", "no start of 1"),
    ],
)
def test_every_kind_of_lost_event_is_noticed_and_counted(
    kind: str, says: str, run_of: Callable[[str], Run]
) -> None:
    gone = missing(told(without(lines_of(run_of("healthy")), kind, last=2)))

    assert gone.lost
    assert says in str(gone)


def test_a_log_that_stops_says_what_was_open(run_of: Callable[[str], Run]) -> None:
    lines = lines_of(run_of("healthy"))
    ends = [number for number, line in enumerate(lines) if b"SparkListenerTaskEnd" in line]

    application = told(lines[: ends[0]])

    gone = missing(application)
    assert not gone.lost
    assert (gone.jobs, gone.stages) == (1, 1)
    assert gone.tasks >= 1
    assert overview(application, run_of("healthy").found, Budget(2_000)).damage[0] == str(gone)


@pytest.mark.parametrize("lost", [["SparkListenerJobEnd"], ["SparkListenerTaskEnd"], [SQL_END]])
def test_a_verdict_that_may_rest_on_lost_ends_is_one_step_less_sure(
    lost: Collection[str], run_of: Callable[[str], Run]
) -> None:
    for name in ("executor_oom", "udf_exception", "max_result_size", "healthy"):
        run = run_of(name)
        lines = lines_of(run)
        for kind in lost:
            lines = without(lines, kind, last=1)

        verdict = verdict_of(told(lines), ProcessLogs())

        assert verdict.outcome_confidence is not Confidence.HIGH
        assert verdict.confidence is not Confidence.HIGH
        assert "no end of 1 " in verdict.not_read[0]


def test_what_the_drivers_last_words_say_stays_sure(run_of: Callable[[str], Run]) -> None:
    run = run_of("udf_exception")
    lines = without(lines_of(run), "SparkListenerTaskEnd", last=1)

    verdict = verdict_of(told(lines), run.logs())

    assert verdict.outcome_confidence is Confidence.HIGH
    assert verdict.cause == "user_code_exception"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (LOSING, 1),
        (f"{LOSING}{LOST.format(7)}{LOST.format(1200)}", 1207),
        (
            json.dumps(
                {"ts": "2026-01-01T01:01:01.000Z", "level": "WARN", "msg": DROPPED.format(31)}
                | {"logger": "AsyncEventQueue"},
                separators=(",", ":"),
            )
            + "\n",
            31,
        ),
        ("26/01/01 01:01:01 WARN AsyncEventQueue: Dropped 9 events from appStatus since x.\n", 0),
        (f"26/01/01 01:01:01 INFO Mine: {DROPPED.format(5)}\n", 0),
    ],
)
def test_what_spark_says_it_dropped_from_the_event_log_is_added_up(text: str, count: int) -> None:
    assert read_log(log(text.encode(), "logs/driver.stderr")).lost_events == count


def test_the_answer_says_how_many_events_spark_dropped(
    tmp_path: Path, run_of: Callable[[str], Run]
) -> None:
    whole_run, run = run_of("max_result_size"), tmp_path / "r1"
    (run / "events").mkdir(parents=True)
    (run / "events" / whole_run.found.app_id).write_bytes(b"".join(lines_of(whole_run)))
    (run / "driver.stderr").write_text(LOST.format(340))
    sources = Sources([LogRoot("logs", str(tmp_path))])

    answer = diagnosed(sources.find().found[0], sources, Summaries(), now=LATER)

    assert answer.not_read[0].endswith("Spark says it dropped 340")
    assert "high" not in {answer.outcome_confidence, answer.confidence}


def test_tasks_without_a_start_or_an_end_have_no_duration(run_of: Callable[[str], Run]) -> None:
    def broken(line: bytes) -> bytes:
        event: dict[str, Any] = json.loads(line)
        if event["Event"] == "SparkListenerTaskEnd":
            task = event["Task Info"]
            task["Launch Time" if task["Index"] % 2 else "Finish Time"] = 0
        if event["Event"] == "SparkListenerStageCompleted":
            event["Stage Info"]["Completion Time"] = 1
        return json.dumps(event, separators=(",", ":")).encode() + b"\n"

    run = run_of("healthy")
    lines = lines_of(run)

    shown = overview(told([broken(line) for line in lines]), run.found, Budget(20_000))

    assert absurd(shown, told(lines), run) == []
    assert {(row.p50_ms, row.max_ms) for row in shown.stages} == {(None, None)}
    assert sum(row.task_s for row in shown.stages) > 0


@pytest.mark.parametrize("time", [-1, 10**18, None])
def test_a_time_that_is_none_is_shown_as_none(time: int | None) -> None:
    assert utc(time) == ""
