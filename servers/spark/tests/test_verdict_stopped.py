"""A driver that is told to end in mid-work, on any cluster manager."""

from __future__ import annotations

import pytest
from test_verdict_chain import failed, lost, removed, task, verdict

from dragoman_spark.verdict import Cause, Confidence

HOOK = "26/01/01 01:00:00 INFO SparkContext: Invoking stop() from shutdown hook\n"
TERM = "26/01/01 01:00:00 ERROR {}: RECEIVED SIGNAL TERM\n"
JOB = "26/01/01 01:00:01 INFO DAGScheduler: Job 0 failed: sum at a.py:1, took 6 s\n"
SHUT = "Job 0 cancelled because SparkContext was shut down"
REMOVED = "Job aborted due to stage failure: Master removed our application: FAILED"
MASTER = (
    "26/01/01 00:59:00 ERROR StandaloneSchedulerBackend: Application has been killed. Reason:"
    " Master removed our application: FAILED\n"
)
STARVED = (
    "26/01/01 00:59:00 WARN TaskSchedulerImpl: Initial job has not accepted any resources; check"
    " your cluster UI\n"
)
TAKEN = (task(1, "1", lost("1", "Command exited with code 143")), removed("1", "exit code 143"))


@pytest.mark.parametrize("said", [SHUT, REMOVED])
@pytest.mark.parametrize(
    "stop",
    [HOOK, TERM.format("ApplicationMaster") + HOOK, TERM.format("SparkSubmit") + HOOK],
)
def test_a_stop_of_the_driver_explains_the_executors_that_end_with_it(said: str, stop: str) -> None:
    found = verdict(*TAKEN, failed(said), driver=stop + JOB)

    assert (found.cause, found.confidence) == (Cause.DRIVER_STOPPED, Confidence.MEDIUM)
    assert found.evidence[0].place.file == "logs/driver.stderr"


def test_an_application_that_the_master_removed_before_its_hook_ran_was_not_stopped() -> None:
    crashed = removed("1", "Command exited with code 134")

    found = verdict(
        task(1, "1", lost("1", "Command exited with code 134")),
        crashed,
        failed(REMOVED),
        driver=MASTER + JOB + HOOK,
    )

    assert found.cause is Cause.EXECUTOR_JVM_CRASHED


def test_a_driver_stopped_while_it_waited_for_executors_was_starved() -> None:
    found = verdict(failed(SHUT), driver=STARVED + HOOK + JOB)

    assert found.cause is Cause.RESOURCE_STARVATION


def test_executors_that_failed_too_often_are_the_cause_and_not_the_stop_they_bring() -> None:
    often = (
        "26/01/01 00:59:00 INFO ApplicationMaster: Final app status: FAILED, exitCode: 11,"
        " (reason: Max number of executor failures (3) reached)\n"
    )

    found = verdict(
        task(1, "1", lost("1", "Command exited with code 52")),
        removed("1", "Command exited with code 52"),
        failed(SHUT),
        driver=often + HOOK + JOB,
    )

    assert found.cause is Cause.EXECUTOR_HEAP_OOM


def test_the_words_of_a_signal_in_another_program_s_log_stop_nothing() -> None:
    found = verdict(
        task(1, "1", lost("1", "Command exited with code 52")),
        failed(SHUT),
        driver="26/01/01 01:00:00 ERROR acme.tickets: RECEIVED SIGNAL TERM\n" + JOB,
    )

    assert found.cause is Cause.EXECUTOR_HEAP_OOM
