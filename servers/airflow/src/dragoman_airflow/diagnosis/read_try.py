"""One try's log, streamed once and put into what a verdict needs."""

import re

from dragoman_airflow.api import Airflow
from dragoman_airflow.diagnosis.reading import Reading, Said
from dragoman_airflow.errors import AirflowError, LogNotFound
from dragoman_airflow.logs.causes import VAGUE, Cause, Confidence
from dragoman_airflow.logs.exceptions import Chain
from dragoman_airflow.logs.facts import Finding
from dragoman_airflow.logs.quoted import QuotedLine
from dragoman_airflow.logs.task_log import TaskLog, read_log
from dragoman_airflow.models import Instance

PASSING = frozenset(
    {
        Cause.SERVICE_UNREACHABLE,
        Cause.SERVICE_ERROR,
        Cause.RATE_LIMITED,
        Cause.OPERATION_TIMEOUT,
        Cause.RESOURCE_LIMIT,
        Cause.KILLED,
        Cause.STOPPED_BY_AIRFLOW,
    }
)
"""Causes that can be gone by themselves at the next try."""

_JOB_FAILED = re.compile(
    r"(?i)\b(?:spark|presto|trino|yarn|application|job|query|statement|driver|pod)\b"
    r"[^\n]{0,120}\b(?:fail|kill|abort|error|exceed|cancel|exit|terminat)\w*"
)
_BEFORE = 12
_FRAMES = 3
_CHAIN = 4


async def read_try(airflow: Airflow, one: Instance, try_number: int) -> Reading:
    """A try's reading; one that is missing says why."""
    try:
        async with airflow.log(one, try_number) as stream:
            log = await read_log(stream)
    except (LogNotFound, AirflowError) as error:
        return Reading(try_number, unread=str(error), missing=True)
    return reading_of(log, try_number)


def reading_of(log: TaskLog, try_number: int) -> Reading:
    found = _elsewhere(log) or log.cause
    told = found.cause is not Cause.UNKNOWN
    return Reading(
        try_number,
        lines=log.lines,
        cause=found.cause.value if told else "",
        meaning=found.meaning,
        confidence=found.confidence.value,
        reason=found.reason,
        passing=found.cause in PASSING,
        stopped=found.cause is Cause.STOPPED_BY_AIRFLOW,
        external=found.cause is Cause.EXTERNAL_JOB_FAILED,
        chain=tuple(one.text for one in log.chain[-_CHAIN:]),
        frames=_frames(log.chain),
        evidence=_evidence(log),
        before=tuple(Said(one.number, one.text) for one in log.before[-_BEFORE:]),
        signature=log.signature or f"{found.cause.value} {found.reason}",
        handover=tuple(one.handover for one in log.external if one.handover),
        unread=log.cut,
    )


def _elsewhere(log: TaskLog) -> Finding | None:
    """A vague failure that tells of a failed job, where the log has just named one.

    Its id is in the exception itself or in one of the lines right before it.
    """
    if log.cause.cause not in VAGUE or not log.external or log.ending is None:
        return None
    words = "\n".join(one.text for one in log.chain) or log.ending.line.text
    near = {one.number for one in log.before}
    named = [one for one in log.external if one.id in words or one.line in near]
    if not named or not _JOB_FAILED.search(words):
        return None
    inside = any(one.id in words for one in named)
    sure = Confidence.HIGH if inside else Confidence.MEDIUM
    reason = f"the failure is that of {named[-1].kind} {named[-1].id}"
    return Finding(Cause.EXTERNAL_JOB_FAILED, sure, reason, log.cause.says, log.cause.hints)


def _frames(chain: Chain) -> tuple[str, ...]:
    """The task's own frames, of the exception that was raised first and has any."""
    for raised in chain:
        if raised.user_frames:
            return tuple(frame.text for frame in raised.user_frames[:_FRAMES])
    return tuple(chain[-1].frames[-1].text for _ in chain[-1:] if chain[-1].frames)


def _evidence(log: TaskLog) -> tuple[Said, ...]:
    """The line that decides and those it rests on, each once and in the log's order."""
    lines: dict[int, str] = {one.number: _words(log, one) for one in log.cause.hints}
    if log.cause.says is not None:
        lines.setdefault(log.cause.says.number, _words(log, log.cause.says))
    if log.ending is not None:
        lines.setdefault(log.ending.line.number, _words(log, log.ending.line))
    return tuple(Said(number, lines[number]) for number in sorted(lines))


def _words(log: TaskLog, line: QuotedLine) -> str:
    """The exception of an ending line, which says more than Airflow's sentence above it."""
    for failure in log.failures:
        if failure.line.number == line.number and failure.chain:
            return failure.chain[-1].text
    return line.text
