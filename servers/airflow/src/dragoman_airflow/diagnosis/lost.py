"""Ends that leave no error in the log: what the event log says of them, and no more."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from dragoman_airflow.models import Event, Instance

_AFTER = timedelta(minutes=2)


class Lost(StrEnum):
    """What Airflow itself wrote about a task that could not say how it ended."""

    HEARTBEAT = "heartbeat timeout"
    MISMATCH = "state mismatch"
    STUCK = "stuck in queued tries exceeded"
    REQUEUED = "stuck in queued reschedule"
    FAIL_FAST = "fail task"


EVENTS = (*(one.value for one in Lost), "skip task")


@dataclass(frozen=True, slots=True)
class LostWorker:
    """The event that ended a try, in Airflow's words."""

    kind: Lost
    event: Event

    @property
    def words(self) -> str:
        """Airflow's sentence, without the address of its manual."""
        return re.sub(r"\s*(?:See|Learn more:?) https?://\S+", "", self.event.extra).strip()


def lost(events: Iterable[Event], one: Instance, try_number: int) -> LostWorker | None:
    """The newest event that explains the end of this try; a requeue alone explains none."""
    for event in events:
        if event.event not in _ENDS or not _of(event, one, try_number):
            continue
        return LostWorker(Lost(event.event), event)
    return None


def requeues(events: Iterable[Event], one: Instance) -> int:
    """How often the scheduler put the instance back because no worker took it."""
    return sum(event.event == Lost.REQUEUED and _same(event, one) for event in events)


def beside(others: Sequence[Instance], one: Instance) -> tuple[Instance, ...]:
    """Failed instances on the same host that ended within a minute of this one."""
    if not one.hostname or one.end_date is None:
        return ()
    minute = timedelta(seconds=60)
    return tuple(
        other
        for other in others
        if other.hostname == one.hostname
        and other.end_date is not None
        and abs(other.end_date - one.end_date) <= minute
        and (other.dag_id, other.run_id, *other.key) != (one.dag_id, one.run_id, *one.key)
    )


_ENDS = frozenset({Lost.HEARTBEAT, Lost.MISMATCH, Lost.STUCK, Lost.FAIL_FAST})


def _of(event: Event, one: Instance, try_number: int) -> bool:
    if not _same(event, one):
        return False
    if event.try_number is not None and event.try_number != try_number:
        return False
    if event.when is None or one.end_date is None or try_number != one.try_number:
        return True
    return event.when <= one.end_date + _AFTER


def _same(event: Event, one: Instance) -> bool:
    return event.task_id == one.task_id and event.map_index in {one.map_index, -1}
