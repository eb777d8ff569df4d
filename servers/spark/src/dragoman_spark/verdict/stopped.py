"""A driver that was told to stop in mid-work: what follows its own shut-down is no cause."""

import re
from collections.abc import Iterator

from dragoman_spark.eventlog.places import Place
from dragoman_spark.logs.digest import Digest
from dragoman_spark.verdict.case import Case, first_line
from dragoman_spark.verdict.causes import Cause, Certainty
from dragoman_spark.verdict.model import Citation, Suspect

__all__ = ["SHUT_DOWN", "explain_stop", "stop_of"]

SHUT_DOWN = re.compile(
    r"SparkContext (?:was|has been) (?:shut ?down|stopped)|Stage cancelled because SparkContext"
)
_REMOVED = "Master removed our application"
_OWN_END = re.compile(r"Max number of executor failures|Maximum number of executor failures")
_HOOK = "Invoking stop() from shutdown hook"
_SIGNAL = re.compile(r"RECEIVED SIGNAL (?:TERM|INT|HUP)|Driver terminated by (?:SIG|signal )TERM")


def explain_stop(case: Case) -> Suspect | None:
    """The stop, where the failed jobs only say that the driver was shutting down."""
    failures = tuple(case.failing_jobs()) or case.ending.failures
    removed = any(_REMOVED in one.text for one in failures)
    if not removed and not any(SHUT_DOWN.search(one.text) for one in failures):
        return None
    for digest in case.logs.driver:
        stop = stop_of(digest)
        if stop is not None and not _ended_before(digest, stop.citations[0].place.line):
            work = (one for one in failures if one.place is not None)
            said = [
                Citation(one.place, "cut off", first_line(one.text)) for one in work if one.place
            ]
            return Suspect(stop.cause, stop.certainty, stop.says, (*stop.citations, *said))
    return None


def stop_of(digest: Digest) -> Suspect | None:
    """The first line of a driver's log that tells of a signal or of the JVM's own shut-down."""
    found = min(_stops(digest), key=lambda one: one[0].line, default=None)
    if found is None:
        return None
    place, said = found
    shown = Citation(place, "the driver's JVM is told to end", said)
    return Suspect(Cause.DRIVER_STOPPED, Certainty.IMPLIED, said, (shown,))


def _stops(digest: Digest) -> Iterator[tuple[Place, str]]:
    for signal in digest.signals:
        if signal.logger == "SparkContext" and signal.message.startswith(_HOOK):
            yield signal.place, signal.message
    for group in digest.groups:
        if not group.is_data and "Executor" not in group.logger and _SIGNAL.search(group.message):
            yield group.first, first_line(group.message)


def _ended_before(digest: Digest, line: int) -> bool:
    """Whether the work was over before the stop: the stop only followed."""
    said = [(one.place.line, one.message) for one in digest.signals]
    said += [(one.first.line, one.message) for one in digest.groups if not one.is_data]
    return any(at < line and (_REMOVED in text or _OWN_END.search(text)) for at, text in said)
