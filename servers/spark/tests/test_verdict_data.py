"""Words of failures that are only data: no line of them decides an outcome or a cause."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import pytest
from test_metamorphic import FAILED, LATER, file_of, text_of

from dragoman_spark.logs.process import ProcessLogs
from dragoman_spark.verdict import diagnose

if TYPE_CHECKING:
    from served_run import Run

    from dragoman_spark.eventlog.facts import Application

HEALTHY = [
    "bad_plan",
    "codec_none",
    "executor_lost_recovered",
    "gc_pressure",
    "healthy",
    "nightly_good",
    "rolled_healthy",
    "skew_spill",
    "small_files",
    "straggler",
]
STOP = "SparkContext is stopping with exitCode"
WORDS = {
    "heap": "java.lang.OutOfMemoryError: Java heap space was the text of 80 tickets",
    "bare heap": "java.lang.OutOfMemoryError: Java heap space",
    "banner": "Terminating due to java.lang.OutOfMemoryError: Java heap space",
    "header": "Traceback (most recent call last):\n17 tickets say so",
    "fatal": "Fatal Python error: Segmentation fault, as 3 users wrote",
    "thread": 'Exception in thread "main" is what they saw',
    "syntax": "SyntaxError: invalid syntax (line 4 of the form)",
    "error": "Error: Failed to load class com.acme.Main, 12 times",
    "query": "Error in query: [TABLE_OR_VIEW_NOT_FOUND] top complaint",
    "exit": "container_1_1 exited with exit code 137, 4 tickets",
    "aborted": "Job aborted due to stage failure: Task 0 in stage 0.0 failed 4 times",
    "job": "26/11/24 23:00:00 INFO report: Job 3 failed: count at A.scala:1, took 1 s",
    "level": "ERROR: java.lang.OutOfMemoryError: Java heap space",
    "own logger": "2026-11-24 23:00:00,001 ERROR acme.tickets: User class threw exception: x",
    "manager": "26/11/24 23:00:00 INFO acme.Report: Final app status: FAILED, exitCode: 137",
    "json": '{"level":"ERROR","logger":"acme","message":"java.lang.OutOfMemoryError: Java heap"}',
    "json bare": '{"severity":"FATAL","msg":"Job aborted due to stage failure: exit code 137"}',
    "sql": "SELECT * FROM t WHERE said = 'org.apache.spark.SparkException: Job aborted'",
}


Place = Callable[[str, str], str]


def at_the_end(text: str, words: str) -> str:
    return f"{text}{words}\n"


def before_the_stop(text: str, words: str) -> str:
    lines = text.splitlines(keepends=True)
    at = next((i for i, line in enumerate(lines) if STOP in line), 0)
    return "".join([*lines[:at], f"{words}\n", *lines[at:]])


def test_what_a_quoted_statement_says_is_not_the_cause() -> None:
    words = "java.lang.OutOfMemoryError: Java heap space"
    said = (
        "Traceback (most recent call last):\n"
        '  File "/app/a.py", line 3, in <module>\n'
        "pyspark.errors.exceptions.captured.ParseException: \n"
        "[PARSE_SYNTAX_ERROR] Syntax error at or near 'FORM'.(line 1, pos 9)\n\n== SQL ==\n"
        f"SELECT * FORM t WHERE said = '\n{words}\nCaused by: {words}\n'\n---------^^^\n"
    )

    verdict = diagnose(None, ProcessLogs([file_of("logs/driver.stdout", said.encode())]), LATER)

    assert (verdict.outcome, verdict.cause) == ("failed", "sql_analysis_error")


@pytest.fixture(scope="module")
def facts_of(run_of: Callable[[str], Run]) -> Callable[[str], Application]:
    @cache
    def facts(name: str) -> Application:
        return run_of(name).application()

    return facts


def driver_with(run: Run, change: Callable[[str], str]) -> ProcessLogs:
    """The driver's logs changed, the executors' as they are."""
    beside = run.sources.logs(run.found)
    drivers = [
        file_of(file.name.removesuffix(".gz"), change(text_of(file)).encode())
        for file in beside.driver
    ]
    return ProcessLogs(drivers, beside.executors)


@pytest.mark.parametrize("place", [at_the_end, before_the_stop])
@pytest.mark.parametrize("words", WORDS)
def test_words_of_a_failure_in_any_driver_log_change_no_healthy_verdict(
    words: str, place: Place, run_of: Callable[[str], Run], facts_of: Callable[[str], Application]
) -> None:
    for name in ("healthy", "executor_lost_recovered", "codec_none"):
        logs = driver_with(run_of(name), lambda text: place(text, WORDS[words]))

        verdict = diagnose(facts_of(name), logs, LATER)

        assert (name, verdict.outcome, verdict.cause) == (name, "succeeded", None)


@pytest.mark.parametrize("place", [at_the_end, before_the_stop])
@pytest.mark.parametrize("name", HEALTHY)
def test_many_words_of_failures_change_no_healthy_verdict(
    name: str, place: Place, run_of: Callable[[str], Run], facts_of: Callable[[str], Application]
) -> None:
    logs = driver_with(run_of(name), lambda text: place(text, "\n".join(WORDS.values())))

    verdict = diagnose(facts_of(name), logs, LATER)

    assert (verdict.outcome, verdict.cause) == ("succeeded", None)


@pytest.mark.parametrize("name", FAILED)
def test_words_of_other_failures_before_the_stop_change_no_cause(
    name: str, run_of: Callable[[str], Run], facts_of: Callable[[str], Application]
) -> None:
    plain = diagnose(facts_of(name), run_of(name).logs(), LATER)
    words = "\n".join(WORDS.values())

    logs = driver_with(run_of(name), lambda text: before_the_stop(text, words))
    verdict = diagnose(facts_of(name), logs, LATER)

    assert (verdict.outcome, verdict.cause) == (plain.outcome, plain.cause)
