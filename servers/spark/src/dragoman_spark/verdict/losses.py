"""Why executors were lost, and what a failed fetch goes back to."""

import re
from collections.abc import Iterator

from dragoman_spark.eventlog.tasks import ReasonKind, TaskFailures
from dragoman_spark.logs.digest import LogGroup
from dragoman_spark.logs.records import Kind
from dragoman_spark.sources.peek import as_id
from dragoman_spark.verdict.case import Case, first_line
from dragoman_spark.verdict.causes import Cause, Certainty
from dragoman_spark.verdict.exits import read_loss
from dragoman_spark.verdict.model import Citation, Suspect
from dragoman_spark.verdict.reading import Where, read_reason

__all__ = ["explain_fetch", "explain_losses", "explain_words"]

_FATAL = frozenset(
    {
        Cause.EXECUTOR_HEAP_OOM,
        Cause.DRIVER_HEAP_OOM,
        Cause.OS_LIMIT_REACHED,
        Cause.DISK_FULL,
        Cause.STACK_OVERFLOW,
        Cause.VERSION_CONFLICT,
        Cause.CLASS_NOT_FOUND,
        Cause.INVALID_CONFIGURATION,
    }
)
_FIRST = (
    Cause.CONTAINER_MEMORY_EXCEEDED,
    Cause.EXECUTOR_HEAP_OOM,
    Cause.EXECUTOR_HEARTBEAT_TIMEOUT,
)
_CRASH = re.compile(
    r"A fatal error has been detected by the Java Runtime|SIGSEGV|SIGBUS|core dumped"
)
_CORRUPT = re.compile(
    r"corrupt|DISK_ISSUE|checksum|Stream is corrupted|Decompression", re.IGNORECASE
)
_MISSING = re.compile(
    r"FileNotFound|NoSuchFile|does not exist|Error in reading FileSegment"
    r"|Missing an output location"
    r"|Failed to open file|Unable to find|not found",
    re.IGNORECASE,
)


def explain_losses(case: Case, groups: tuple[TaskFailures, ...]) -> Suspect | None:
    """The cause of the executor losses that failed tasks of the failing work."""
    blamed = [group for group in groups if group.caused_by_app is not False] or list(groups)
    ids = dict.fromkeys(one for group in blamed for one in group.executor_ids)
    found = [suspect for one in ids for suspect in _loss_suspects(case, one)]
    for group in blamed:
        loss = read_loss(group.description, group.exit_code)
        if loss.cause is not None:
            shown = Citation(
                group.first, "task lost with its executor", first_line(group.description)
            )
            found.append(Suspect(loss.cause, loss.certainty, loss.says, (shown,)))
    return _best(found)


def explain_fetch(case: Case, groups: tuple[TaskFailures, ...]) -> Suspect | None:
    """What failed fetches go back to: a lost executor that they read from, or the data itself."""
    if not groups:
        return None
    sources = dict.fromkeys(
        one for group in groups for one in group.fetched_from if one != "driver"
    )
    suspects = [suspect for one in sources for suspect in _loss_suspects(case, one)]
    if not suspects and any("Missing an output location" in group.description for group in groups):
        suspects = [one for executor in _removed(case) for one in _loss_suspects(case, executor)]
    lost = _best(suspects)
    first = groups[0]
    shown = Citation(first.first, "first failed fetch", first_line(first.description))
    if lost is not None and lost.certainty > Certainty.SYMPTOM:
        return Suspect(lost.cause, lost.certainty, lost.says, (*lost.citations, shown))
    text = f"{first.description}\n{first.trace}"
    if _CORRUPT.search(text) or _MISSING.search(text):
        certainty = Certainty.STATED
    elif lost is not None:
        return Suspect(lost.cause, lost.certainty, lost.says, (*lost.citations, shown))
    else:
        return Suspect(
            Cause.NETWORK_UNREACHABLE, Certainty.IMPLIED, first_line(first.description), (shown,)
        )
    return Suspect(Cause.SHUFFLE_DATA_LOST, certainty, first_line(first.description), (shown,))


def explain_words(case: Case) -> Suspect | None:
    """The same from the driver's log alone, where there is no event log."""
    said = "\n".join(failure.text[:6_000] for failure in case.ending.failures)
    fetch = "FetchFailed" in said
    if not fetch and "ExecutorLostFailure" not in said:
        return None
    found = [one for _, group in case.driver_groups() if (one := _lost_or_failed(case, group))]
    if fetch and _MISSING.search(said):
        shown = [
            Citation(one.place, "driver output", "FetchFailed")
            for one in case.ending.failures
            if one.place
        ]
        found.append(
            Suspect(Cause.SHUFFLE_DATA_LOST, Certainty.IMPLIED, first_line(said), tuple(shown))
        )
    return _best(found)


def _lost_or_failed(case: Case, group: LogGroup) -> Suspect | None:
    """What a line on a lost executor or a lost task says of the reason."""
    if (
        not group.message.startswith(("Lost executor", "Lost task"))
        or "FetchFailed" in group.message
    ):
        return None
    shown = Citation(group.first, "driver log", first_line(group.message))
    loss = read_loss(group.message)
    if loss.cause is not None and loss.certainty > Certainty.SYMPTOM:
        return Suspect(loss.cause, loss.certainty, loss.says, (shown,))
    reason, _ = case.reason(group.text, Where.EXECUTOR)
    if reason.cause in _FATAL and reason.cause is not None:
        return Suspect(reason.cause, reason.certainty, first_line(group.message), (shown,))
    return None


def _removed(case: Case) -> Iterator[str]:
    if case.application is not None:
        for executor in case.application.executors.values():
            if case.removed_before(executor):
                yield executor.id


def _loss_suspects(case: Case, executor_id: str) -> Iterator[Suspect]:
    """What says why this executor was lost: its last tasks, its end, the driver, its own log."""
    if as_id(executor_id) is None:
        return
    executor = case.executor(executor_id)
    yield from _last_tasks(case, executor_id)
    if executor is not None and case.removed_before(executor) and executor.removed_at is not None:
        reason = executor.removal_reason or ""
        loss = read_loss(reason, executor.exit_code)
        if loss.cause is not None:
            shown = Citation(
                executor.removed_at, f"executor {executor_id} removed", first_line(reason)
            )
            yield Suspect(loss.cause, loss.certainty, loss.says, (shown,))
    yield from _driver_words(case, executor_id)
    for digest in case.logs.executor(executor_id):
        for group in digest.groups:
            if suspect := _from_log(group, executor_id):
                yield suspect


def _last_tasks(case: Case, executor_id: str) -> Iterator[Suspect]:
    for group in case.task_failures(ReasonKind.EXCEPTION):
        if executor_id in group.executor_ids:
            reason, _ = case.task_reason(group)
            if reason.cause in _FATAL and reason.cause is not None and reason.thrown is not None:
                shown = Citation(
                    group.first,
                    f"task failed on executor {executor_id}",
                    first_line(reason.thrown.text),
                )
                yield Suspect(
                    reason.cause, reason.certainty, first_line(reason.thrown.text), (shown,)
                )


def _driver_words(case: Case, executor_id: str) -> Iterator[Suspect]:
    mark = re.compile(rf"\b[Ee]xecutor (?:with id )?{re.escape(executor_id)}\b")
    for _, group in case.driver_groups():
        reported = group.kind is not Kind.LOGGED or group.logger == "TaskSetManager"
        if reported or not mark.search(group.text[:4_000]):
            continue
        loss = read_loss(group.text[:4_000])
        if loss.cause is not None and loss.certainty > Certainty.SYMPTOM:
            shown = Citation(group.first, "driver log", first_line(group.message))
            yield Suspect(loss.cause, loss.certainty, loss.says, (shown,))


def _from_log(group: LogGroup, executor_id: str) -> Suspect | None:
    """A reason to die in the executor's own log. Signals it received say who, not why."""
    if group.is_data:
        return None
    shown = Citation(group.first, f"log of executor {executor_id}", first_line(group.text))
    if group.kind is Kind.NATIVE and _CRASH.search(group.text):
        return Suspect(
            Cause.EXECUTOR_JVM_CRASHED, Certainty.STATED, first_line(group.text), (shown,)
        )
    reason = read_reason(group.chain, Where.EXECUTOR)
    if reason.cause in _FATAL and reason.cause is not None:
        return Suspect(reason.cause, reason.certainty, first_line(group.text), (shown,))
    return None


def _best(found: list[Suspect]) -> Suspect | None:
    """The most telling suspect, with the evidence of all that agree with it."""
    if not found:
        return None
    best = max(found, key=_weight)
    agreed = [one for one in found if one.cause is best.cause]
    citations = dict.fromkeys(citation for one in agreed for citation in one.citations)
    return Suspect(best.cause, best.certainty, best.says, tuple(citations)[:4])


def _weight(suspect: Suspect) -> tuple[int, int]:
    rank = len(_FIRST) - _FIRST.index(suspect.cause) if suspect.cause in _FIRST else 0
    return (suspect.certainty, rank)
