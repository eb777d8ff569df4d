"""A root's cause: what people and Airflow did comes before what its log says, where it explains."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dragoman_airflow.diagnosis.causes import MEANING, RunCause
from dragoman_airflow.diagnosis.lost import Lost, LostWorker, lost, requeues
from dragoman_airflow.diagnosis.people import Marked, marked_failed
from dragoman_airflow.diagnosis.reading import Reading
from dragoman_airflow.models import Event, Instance

_STATE = re.compile(r"state attribute is (\w+)")
_KIND = {
    Lost.HEARTBEAT: RunCause.WORKER_LOST,
    Lost.MISMATCH: RunCause.ENDED_UNSEEN,
    Lost.STUCK: RunCause.NEVER_TAKEN,
    Lost.FAIL_FAST: RunCause.FAIL_FAST,
}
_SURE = frozenset({RunCause.NEVER_TAKEN, RunCause.FAIL_FAST})


@dataclass(frozen=True, slots=True)
class Verdict:
    """A cause from the closed list and how sure it is; `events` are Airflow's own words."""

    cause: str
    meaning: str
    confidence: str
    reason: str = ""
    events: tuple[str, ...] = ()
    not_causes: tuple[str, ...] = ()
    rerun_may_help: bool = False


def decide(
    one: Instance,
    reading: Reading | None,
    events: Sequence[Event],
    neighbours: Sequence[Instance] = (),
) -> Verdict:
    """The cause of an instance's last failure.

    `neighbours` are instances that were lost on the same host in the same minute.
    """
    if marked := marked_failed(events, one):
        return _marked(marked, reading)
    end = lost(events, one, one.try_number)
    if end is not None and (
        end.kind in {Lost.STUCK, Lost.FAIL_FAST} or not (reading and reading.tells)
    ):
        return _lost(end, one, requeues(events, one), neighbours)
    if reading is not None and reading.cause:
        return _logged(reading, end)
    if reading is None or reading.missing:
        return _without_log(one)
    return _of(RunCause.NOT_IN_LOG, "high" if not reading.unread else "low", rerun=False)


def _marked(marked: Marked, reading: Reading | None) -> Verdict:
    what = "the whole run" if marked.whole_run else "the task"
    by = marked.by or "someone"
    says = f"{marked.when:%Y-%m-%d %H:%M:%S} {by} set {what} to failed ({marked.event})"
    aside = ""
    if reading is not None and reading.cause:
        aside = "what the log says of the end came from the kill that followed"
    return _of(
        RunCause.MARKED_FAILED, "high", events=(says,), aside=(aside,) if aside else (), rerun=True
    )


def _lost(end: LostWorker, one: Instance, requeued: int, neighbours: Sequence[Instance]) -> Verdict:
    cause = _KIND[end.kind]
    aside: list[str] = []
    meaning = MEANING[cause]
    seen = _STATE.search(end.event.extra)
    if cause is RunCause.ENDED_UNSEEN:
        if seen and seen[1] in {"queued", "scheduled"}:
            meaning = "the task's process ended before the task began"
        aside.append("a restart of Airflow's own API server leaves the same event")
    words = [f"{end.kind}: {end.words}"]
    if requeued:
        words.append(f"{requeued} times put back into the queue before")
    if neighbours:
        words.append(
            f"{len(neighbours)} more were lost on host {one.hostname} within the same minute, "
            f"such as {neighbours[0].dag_id}.{neighbours[0].task_id}: likely the host, not the task"
        )
    sure = "high" if cause in _SURE else "medium"
    return Verdict(
        cause.value,
        meaning,
        sure,
        events=tuple(words),
        not_causes=tuple(aside),
        rerun_may_help=True,
    )


def _logged(reading: Reading, end: LostWorker | None) -> Verdict:
    aside = ()
    if end is not None:
        aside = (f"the event “{end.kind}” only followed",)
    return Verdict(
        reading.cause,
        reading.meaning,
        reading.confidence,
        not_causes=aside,
        reason=reading.reason,
        rerun_may_help=reading.passing,
    )


def _without_log(one: Instance) -> Verdict:
    if one.start_date is None and one.try_number == 0:
        return _of(RunCause.NOT_IN_LOG, "low", rerun=False)
    return _of(RunCause.NOT_READ, "low", rerun=False)


def _of(
    cause: RunCause,
    confidence: str,
    *,
    rerun: bool,
    events: tuple[str, ...] = (),
    aside: tuple[str, ...] = (),
) -> Verdict:
    return Verdict(
        cause.value,
        MEANING[cause],
        confidence,
        events=events,
        not_causes=aside,
        rerun_may_help=rerun,
    )
