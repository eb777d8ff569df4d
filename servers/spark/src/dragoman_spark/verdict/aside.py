"""What a verdict says beside the cause: what was ruled out, what was not read, what to do next."""

from collections.abc import Iterator

from dragoman_spark.eventlog.tasks import ReasonKind
from dragoman_spark.outcome import Outcome
from dragoman_spark.verdict.case import Case
from dragoman_spark.verdict.causes import Cause, Certainty
from dragoman_spark.verdict.exits import read_loss
from dragoman_spark.verdict.model import NextCall, Suspect

__all__ = ["next_call", "not_read", "ruled_out"]


def ruled_out(case: Case, suspect: Suspect | None) -> tuple[str, ...]:
    """What looks like a cause and is none, each with the reason; at most four."""
    return tuple(_ruled_out(case, suspect))[:4]


def _ruled_out(case: Case, suspect: Suspect | None) -> Iterator[str]:
    application = case.application
    if application is None:
        return
    failed = case.ending.outcome in {Outcome.FAILED, Outcome.MIXED}
    removed = [one for one in application.executors.values() if one.removed_at is not None]
    later = [one for one in removed if failed and not case.removed_before(one)]
    if later:
        yield f"{len(later)} executors lost after the failure: the driver's shut-down, not a cause"
    early = [
        one for one in removed if one not in later and read_loss(one.removal_reason or "").cause
    ]
    if early and (suspect is None or not _by_loss(suspect)):
        yield f"{len(early)} executors lost earlier: work went on without them"
    if case.ending.caught and suspect is not None:
        yield f"{len(case.ending.caught)} earlier failures: the application got over them"
    if suspect is None and any(
        group.reason is ReasonKind.EXCEPTION for group in application.failures
    ):
        yield "failed tasks: their retries went well"
    if suspect is not None and application.exit_code == 0 and application.ended:
        yield "exit code 0 of the application's end: Spark writes it in failed runs, too"


def _by_loss(suspect: Suspect) -> bool:
    return suspect.cause.value.startswith(("executor_", "container_", "shuffle_", "python_"))


def not_read(case: Case) -> tuple[str, ...]:
    """What the verdict could not rest on."""
    return tuple(_not_read(case))[:5]


def _not_read(case: Case) -> Iterator[str]:
    application, logs = case.application, case.logs
    if application is None:
        yield "no event log"
    else:
        for damage in application.damage[:2]:
            size = f", {damage.size} bytes" if damage.size else ""
            yield f"event log: {damage.kind}{size}"
    if not logs.driver:
        yield "no driver log" if application is None else "no driver log beside the event log"
    elif not logs.has_stdout:
        yield "no driver stdout (Python tracebacks go there)"
    if not logs.executor_ids:
        yield "no executor logs"
    if logs.unread:
        yield f"{len(logs.unread)} log files too large or not readable"


def next_call(case: Case, suspect: Suspect | None) -> NextCall | None:
    """The tool that shows more, or what to fetch where these files do not hold the cause."""
    application = case.application
    if suspect is None:
        return None
    if suspect.cause is Cause.VANISHED_CAUSE_NOT_IN_LOGS:
        return NextCall(
            "ask the scheduler or cluster manager for the driver's exit code and its last messages"
            " (exit code 137, OOMKilled, eviction, a kill by a person)",
            "",
            {},
        )
    if suspect.certainty < Certainty.IMPLIED and not case.logs.driver:
        return NextCall("fetch the driver's stdout and stderr and ask again", "", {})
    if suspect.citations:
        place = suspect.citations[0].place
        return NextCall(
            "read around the evidence", "read_log", {"file": place.file, "offset": place.offset}
        )
    if application is None:
        return None
    return NextCall(
        "see jobs, stages and executors", "get_overview", {"application": application.id}
    )
