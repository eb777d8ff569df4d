"""The 29 real runs: outcome and cause of each, with and without their logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dragoman_spark.logs.process import ProcessLogs
from dragoman_spark.outcome import Outcome
from dragoman_spark.verdict import Cause, Confidence, Verdict, diagnose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from served_run import Run, Truth

LATER = 1_800_000_000_000
RANK = [Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH]
RUNS = [
    "analysis_error",
    "bad_plan",
    "broadcast_timeout",
    "codec_lz4",
    "codec_lzf",
    "codec_none",
    "codec_snappy",
    "codec_zstd",
    "connect",
    "driver_killed",
    "executor_lost_recovered",
    "executor_oom",
    "executor_sigkill",
    "fetch_failure",
    "gc_pressure",
    "healthy",
    "json_logs",
    "max_result_size",
    "missing_input",
    "nightly_good",
    "nightly_regressed",
    "output_not_writable",
    "python_worker_crash",
    "rolled_healthy",
    "skew_spill",
    "small_files",
    "straggler",
    "streaming",
    "udf_exception",
]


@pytest.mark.parametrize("name", RUNS)
def test_a_run_gets_its_real_outcome_and_cause(
    name: str, run_of: Callable[[str], Run], truth: Mapping[str, Truth]
) -> None:
    run = run_of(name)

    verdict = diagnose(run.application(), run.logs(), LATER)

    assert (verdict.outcome, verdict.cause) == (truth[name].outcome, truth[name].cause)


def test_the_corpus_is_whole(truth: Mapping[str, Truth]) -> None:
    assert sorted(truth) == sorted(RUNS)


@pytest.mark.parametrize("name", RUNS)
def test_the_event_log_alone_gives_the_same_cause_less_surely(
    name: str, run_of: Callable[[str], Run], truth: Mapping[str, Truth]
) -> None:
    run = run_of(name)

    whole = diagnose(run.application(), run.logs(), LATER)
    alone = diagnose(run.application(), ProcessLogs(), LATER)

    assert (alone.outcome, alone.cause) == (truth[name].outcome, truth[name].cause)
    assert _surety(alone) <= _surety(whole)


@pytest.mark.parametrize("name", [name for name in RUNS if not name.startswith(("codec", "roll"))])
def test_the_driver_log_alone_never_names_a_wrong_cause(
    name: str, run_of: Callable[[str], Run], truth: Mapping[str, Truth]
) -> None:
    run = run_of(name)

    verdict = diagnose(None, run.logs(), LATER)

    assert verdict.cause == truth[name].cause


def test_a_vanished_driver_is_not_given_a_cause(run_of: Callable[[str], Run]) -> None:
    run = run_of("driver_killed")

    verdict = diagnose(run.application(), run.logs(), LATER)

    assert verdict.cause is Cause.VANISHED_CAUSE_NOT_IN_LOGS
    assert verdict.next_call is not None
    assert "exit code" in verdict.next_call.why


def test_a_log_that_grew_just_now_is_of_a_running_application(run_of: Callable[[str], Run]) -> None:
    application = run_of("driver_killed").application()
    assert application.last is not None
    assert application.last.time is not None

    verdict = diagnose(application, ProcessLogs(), application.last.time + 30_000)

    assert verdict.outcome is Outcome.RUNNING
    assert verdict.cause is None


def test_each_failed_statement_of_a_server_gets_its_own_cause(run_of: Callable[[str], Run]) -> None:
    run = run_of("connect")

    verdict = diagnose(run.application(), run.logs(), LATER)

    causes = [operation.cause for operation in verdict.operations]
    assert causes == [Cause.USER_RAISED_ERROR, Cause.SQL_ANALYSIS_ERROR]
    assert {operation.user for operation in verdict.operations} == {"alice"}


@pytest.mark.parametrize(
    ("name", "function", "line"),
    [("udf_exception", "ratio", 35), ("python_worker_crash", "f", 203)],
)
def test_the_verdict_names_the_line_of_the_users_code(
    name: str, function: str, line: int, run_of: Callable[[str], Run]
) -> None:
    run = run_of(name)

    verdict = diagnose(run.application(), run.logs(), LATER)

    assert (verdict.frames[0].name, verdict.frames[0].line) == (function, line)


@pytest.mark.parametrize("name", ["executor_oom", "executor_sigkill", "fetch_failure"])
def test_the_evidence_of_a_chain_begins_with_the_cause_and_ends_with_the_symptom(
    name: str, run_of: Callable[[str], Run]
) -> None:
    run = run_of(name)

    verdict = diagnose(run.application(), run.logs(), LATER)

    assert 2 <= len(verdict.evidence) <= 5
    assert "failed" in verdict.evidence[-1].shows or "last words" in verdict.evidence[-1].shows


def _surety(verdict: Verdict) -> int:
    return RANK.index(verdict.confidence or Confidence.LOW)
