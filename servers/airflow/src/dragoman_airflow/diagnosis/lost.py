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
LOST_EVENTS = (Lost.HEARTBEAT.value, Lost.MISMATCH.value)


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
    """The event that explains the end of this try best; a requeue alone explains none.

    A heartbeat that stopped comes before the mismatch of states which it leads to.
    """
    found = [event for event in events if event.event in _RANK and _of(event, one, try_number)]
    if not found:
        return None
    first = min(found, key=lambda event: _RANK[event.event])
    return LostWorker(Lost(first.event), first)


def stopped(events: Iterable[Event], instances: Iterable[Instance]) -> frozenset[tuple[str, int]]:
    """Running instances that Airflow failed because another task of a fail_fast DAG had failed."""
    forced = [event for event in events if event.event == Lost.FAIL_FAST]
    return frozenset(
        one.key for one in instances if any(_of(event, one, one.try_number) for event in forced)
    )


def requeues(events: Iterable[Event], one: Instance) -> int:
    """How often the scheduler put the instance back because no worker took it."""
    return sum(event.event == Lost.REQUEUED and _same(event, one) for event in events)


def beside(
    others: Sequence[Instance], events: Sequence[Event], one: Instance
) -> tuple[Instance, ...]:
    """Instances of the same host that were lost, too, within a minute of this one.

    `events` are those of lost work, `others` instances that failed; both of that minute.
    """
    gone = {_place(event) for event in events if event.event in LOST_EVENTS}
    own = (one.dag_id, one.run_id, *one.key)
    return tuple(
        other
        for other in others
        if other.hostname == one.hostname
        and (other.dag_id, other.run_id, *other.key) != own
        and gone & {(other.dag_id, other.run_id, other.task_id, index) for index in _indexes(other)}
    )


def others_lost(events: Iterable[Event], one: Instance) -> bool:
    """Whether work of other instances was lost, too."""
    own = {(one.dag_id, one.run_id, one.task_id, index) for index in _indexes(one)}
    return any(_place(event) not in own for event in events)


def _place(event: Event) -> tuple[str, str, str, int]:
    return event.dag_id, event.run_id, event.task_id, event.map_index


def _indexes(one: Instance) -> tuple[int, ...]:
    """An event of a mapped instance may lack its index."""
    return (one.map_index, -1)


_RANK: dict[str, int] = {
    kind.value: place
    for place, kind in enumerate((Lost.STUCK, Lost.FAIL_FAST, Lost.HEARTBEAT, Lost.MISMATCH))
}


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
