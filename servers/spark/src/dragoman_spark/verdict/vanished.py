"""Whether anything says why an application's log stops without an end; mostly nothing does."""

from dragoman_spark.logs.digest import LogGroup
from dragoman_spark.logs.records import Kind
from dragoman_spark.verdict.case import Case, first_line
from dragoman_spark.verdict.causes import Cause, Certainty
from dragoman_spark.verdict.exits import read_loss
from dragoman_spark.verdict.model import Citation, Suspect

__all__ = ["find_end"]

_DEADLY = frozenset(
    {
        Cause.DRIVER_HEAP_OOM,
        Cause.STACK_OVERFLOW,
        Cause.OS_LIMIT_REACHED,
        Cause.DISK_FULL,
        Cause.INVALID_CONFIGURATION,
    }
)
_UNKNOWN = Suspect(Cause.VANISHED_CAUSE_NOT_IN_LOGS, Certainty.SYMPTOM, "")


def find_end(case: Case) -> Suspect:
    """The end that the driver's log states, or that the cause is not in these logs."""
    for _, group in case.driver_groups():
        if suspect := _deadly(case, group) or _starved(case, group) or _taken(group):
            return suspect
    return _UNKNOWN


def _deadly(case: Case, group: LogGroup) -> Suspect | None:
    if group.kind is Kind.LOGGED and group.logger in {"TaskSetManager", "Executor"}:
        return None
    reason, _ = case.reason(group.text)
    if reason.cause not in _DEADLY or reason.cause is None:
        return None
    shown = Citation(group.first, "driver log", first_line(group.text))
    return Suspect(reason.cause, Certainty.IMPLIED, first_line(group.text), (shown,))


def _starved(case: Case, group: LogGroup) -> Suspect | None:
    application = case.application
    idle = application is None or not application.events.get("SparkListenerTaskStart")
    if not idle or "has not accepted any resources" not in group.message:
        return None
    shown = Citation(group.first, f"driver log, {group.count} times", first_line(group.message))
    return Suspect(
        Cause.RESOURCE_STARVATION, Certainty.IMPLIED, first_line(group.message), (shown,)
    )


def _taken(group: LogGroup) -> Suspect | None:
    """A signal or a container limit that the driver's own side reports."""
    shown = Citation(group.first, "driver log", first_line(group.message))
    if "RECEIVED SIGNAL TERM" in group.message and "Executor" not in group.logger:
        return Suspect(Cause.DRIVER_STOPPED, Certainty.IMPLIED, first_line(group.message), (shown,))
    if "xecutor" in group.text[:500]:
        return None
    loss = read_loss(group.text[:2_000])
    if loss.cause is Cause.CONTAINER_MEMORY_EXCEEDED:
        return Suspect(loss.cause, Certainty.IMPLIED, loss.says, (shown,))
    return None
