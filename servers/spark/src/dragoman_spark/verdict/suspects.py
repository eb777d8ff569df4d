"""Who could have done it: the causes that the failing work, its tasks and the driver's log name."""

import re

from dragoman_spark.eventlog.places import Place
from dragoman_spark.eventlog.tasks import ReasonKind, TaskFailures
from dragoman_spark.logs.digest import LogGroup
from dragoman_spark.logs.layouts import Level
from dragoman_spark.logs.records import Kind
from dragoman_spark.logs.thrown import Thrown
from dragoman_spark.outcome import Failure, Source
from dragoman_spark.verdict.case import Case, first_line
from dragoman_spark.verdict.causes import Cause, Certainty
from dragoman_spark.verdict.losses import explain_fetch, explain_losses, explain_words
from dragoman_spark.verdict.masked import explain_results
from dragoman_spark.verdict.model import Citation, Suspect
from dragoman_spark.verdict.reading import Reason, Where, user_frames
from dragoman_spark.verdict.stopped import SHUT_DOWN, explain_stop

__all__ = ["find_suspect"]

_NOISE = re.compile(
    r"Shutdown hooks cannot be modified|unknown executor|native-hadoop|Exception in connection from"
    r"|RECEIVED SIGNAL|metadata directory|Failed to send RPC|SparkContext already stopped"
    r"|Master removed our application|has been killed\. Reason: All masters|got disassociated"
)
_CANCELLED = "cancellation of all jobs"
_REPORTED = frozenset({"TaskSetManager", "Executor", "TaskSchedulerImpl", "SQLQueryContextLogger"})
_STOPS_DRIVER = frozenset(
    {
        Cause.RESOURCE_STARVATION,
        Cause.DRIVER_HEAP_OOM,
        Cause.OS_LIMIT_REACHED,
        Cause.CONTAINER_MEMORY_EXCEEDED,
    }
)
_AGAIN = frozenset({Cause.OUTPUT_ALREADY_EXISTS})


def find_suspect(case: Case) -> Suspect:
    """The cause of a failed application; UNKNOWN_FAILURE with what was thrown, if none is known."""
    stated = _of_failures(case)
    if stated is not None and stated.certainty >= Certainty.IMPLIED and stated.cause not in _AGAIN:
        return stated
    if stop := explain_stop(case):
        return _before(case, stop.citations[0].place) or stop
    deeper = _of_tasks(case) or _of_driver_log(case) or explain_results(case)
    if deeper is not None and (stated is None or deeper.certainty > stated.certainty - 1):
        return deeper
    return stated or _stopped(case) or _unknown(case)


def _of_failures(case: Case) -> Suspect | None:
    """What the failing work itself says: the driver's last words first, then work in order."""
    printed = [one for one in case.ending.failures if one.source is Source.PRINTED]
    work = [one for one in case.ending.failures if one.source is not Source.PRINTED]
    last_words = _strongest([_of_failure(case, one) for one in printed])
    by_work = _strongest([_of_failure(case, one) for one in work])
    if last_words is None or by_work is None:
        return last_words or by_work
    return _agreed(last_words, by_work)


def _agreed(last_words: Suspect, by_work: Suspect) -> Suspect:
    """The driver's own words, unless they only report what the work says better."""
    own = last_words.cause is Cause.USER_CODE_EXCEPTION and by_work.cause is not last_words.cause
    if last_words.certainty < by_work.certainty or (own and by_work.certainty >= Certainty.IMPLIED):
        first, second = by_work, last_words
    else:
        first, second = last_words, by_work
    certainty = min(first.certainty, Certainty.IMPLIED) if own else first.certainty
    citations = dict.fromkeys((*by_work.citations, *last_words.citations))
    return Suspect(
        first.cause,
        certainty,
        first.says,
        tuple(citations),
        first.condition or second.condition,
        first.frames or second.frames,
    )


def _of_failure(case: Case, failure: Failure) -> Suspect | None:
    reason, chain = case.reason(failure.text)
    return _suspect(reason, chain, _shown(failure, reason))


def _suspect(reason: Reason, chain: tuple[Thrown, ...], shown: Citation | None) -> Suspect | None:
    if reason.cause is None:
        return None
    says = first_line(reason.thrown.text) if reason.thrown else ""
    citations = (shown,) if shown else ()
    return Suspect(
        reason.cause, reason.certainty, says, citations, reason.condition, user_frames(chain)
    )


def _shown(failure: Failure, reason: Reason) -> Citation | None:
    if failure.place is None:
        return None
    said = reason.thrown.text if reason.thrown else failure.text
    shows = f"{failure.source} {failure.id}".strip() + (
        " failed" if failure.id else " ends with it"
    )
    return Citation(failure.place, shows, first_line(said))


def _strongest(found: list[Suspect | None]) -> Suspect | None:
    """The surest, the earlier of equals."""
    known = [one for one in found if one is not None]
    return max(known, key=lambda one: one.certainty, default=None)


def _of_tasks(case: Case) -> Suspect | None:
    """What the tasks of the failing stages went through before the work failed."""
    fetches = case.task_failures(ReasonKind.FETCH_FAILED)
    losses = case.task_failures(ReasonKind.EXECUTOR_LOST)
    said = " ".join(one.text[:3_000] for one in case.ending.failures)
    by_fetch = explain_fetch(case, fetches) if fetches else None
    by_loss = explain_losses(case, losses) if losses else None
    by_error = _of_exceptions(case, case.task_failures(ReasonKind.EXCEPTION))
    if "FetchFailed" in said and by_fetch is not None:
        return by_fetch
    if "ExecutorLostFailure" in said and by_loss is not None:
        return by_loss
    result = _strongest([by_error, by_loss, by_fetch])
    if result is None and case.application is None:
        return explain_words(case)
    killed = _of_exceptions(case, case.task_failures(ReasonKind.KILLED)) if result is None else None
    return result or killed


def _of_exceptions(case: Case, groups: tuple[TaskFailures, ...]) -> Suspect | None:
    for group in groups:
        reason, chain = case.task_reason(group)
        if reason.certainty >= Certainty.IMPLIED and reason.thrown is not None:
            said = first_line(reason.thrown.text)
            shown = Citation(group.first, f"first of {group.count} task failures", said)
            return _suspect(reason, chain, shown)
    return None


def _before(case: Case, stop: Place) -> Suspect | None:
    """Why the driver was told to end, where its log says so before it."""
    groups = (group for _, group in case.driver_groups())
    earlier = (one for one in groups if one.first.file == stop.file and one.first < stop)
    found = [suspect for group in earlier if (suspect := _of_group(case, group))]
    return _strongest([one for one in found if one.cause in _STOPS_DRIVER])


def _of_driver_log(case: Case) -> Suspect | None:
    """The first thing in the driver's log that names a cause; weaker than what the work says."""
    found = [suspect for _, group in case.driver_groups() if (suspect := _of_group(case, group))]
    return _strongest([one for one in found if one.certainty >= Certainty.IMPLIED])


def _of_group(case: Case, group: LogGroup) -> Suspect | None:
    starving = "has not accepted any resources" in group.message and not _ran(case)
    if _NOISE.search(group.text[:2_000]) or (group.level < Level.ERROR and not starving):
        return None
    if group.logger in _REPORTED and group.kind is Kind.LOGGED and not starving:
        return None
    reason, chain = case.reason(group.text)
    shown = Citation(group.first, "driver log", first_line(group.message))
    suspect = _suspect(reason, chain, shown)
    if suspect is None or suspect.cause is Cause.SQL_ANALYSIS_ERROR:
        return suspect
    certainty = (
        suspect.certainty
        if _is_fatal(suspect, group)
        else min(suspect.certainty, Certainty.IMPLIED)
    )
    return Suspect(
        suspect.cause, certainty, suspect.says, suspect.citations, suspect.condition, suspect.frames
    )


def _is_fatal(suspect: Suspect, group: LogGroup) -> bool:
    return group.kind is not Kind.LOGGED or suspect.cause is Cause.DRIVER_HEAP_OOM


def _ran(case: Case) -> bool:
    application = case.application
    return application is not None and application.events.get("SparkListenerTaskStart", 0) > 0


def _stopped(case: Case) -> Suspect | None:
    for failure in case.ending.failures:
        if SHUT_DOWN.search(failure.text) or _CANCELLED in failure.text:
            cause = Cause.CANCELLED_BY_USER if _CANCELLED in failure.text else Cause.DRIVER_STOPPED
            reason, _ = case.reason(failure.text, Where.DRIVER)
            shown = _shown(failure, reason)
            citations = (shown,) if shown else ()
            return Suspect(cause, Certainty.IMPLIED, first_line(failure.text), citations)
    return None


def _unknown(case: Case) -> Suspect:
    failures = sorted(case.ending.failures, key=lambda one: one.source is not Source.PRINTED)
    for failure in failures:
        reason, chain = case.reason(failure.text)
        shown = _shown(failure, reason)
        deepest = next((one.text for one in reversed(chain) if one.text), failure.text)
        citations = (shown,) if shown else ()
        frames = user_frames(chain)
        return Suspect(
            Cause.UNKNOWN_FAILURE, Certainty.SYMPTOM, first_line(deepest), citations, None, frames
        )
    return Suspect(Cause.UNKNOWN_FAILURE, Certainty.SYMPTOM, case.ending.why)
