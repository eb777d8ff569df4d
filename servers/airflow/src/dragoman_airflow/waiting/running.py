"""What keeps the instances of a running run, looked at from the front."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from dragoman_airflow.api import ANY
from dragoman_airflow.filters import InstanceFilter
from dragoman_airflow.graph import TaskGraph
from dragoman_airflow.models import Instance
from dragoman_airflow.waiting.case import Case
from dragoman_airflow.waiting.causes import WaitCause
from dragoman_airflow.waiting.queued import SHORT
from dragoman_airflow.waiting.report import Wait
from dragoman_airflow.waiting.rules import rule_waits
from dragoman_airflow.waiting.sensing import deferred_wait, human_wait, is_sensor, sensor_wait
from dragoman_airflow.words import grouped, listed, since, span, word

_GROUPS = 4
_PAST = 10
_NOT_STARTED = frozenset({"", "scheduled"})
_FIRST = (
    "awaiting_input",
    "scheduled",
    "deferred",
    "up_for_reschedule",
    "queued",
    "",
    "up_for_retry",
    "restarting",
    "running",
)


@dataclass(frozen=True, slots=True)
class Front:
    """Instances that nothing unfinished stands before, by task and state, and those behind."""

    groups: tuple[tuple[Instance, ...], ...]
    behind: tuple[Instance, ...]

    @property
    def explained(self) -> int:
        """Of the instances; those behind wait for these."""
        return len(self.behind) + sum(map(len, self.groups[:_GROUPS]))


def front(instances: Iterable[Instance], graph: TaskGraph, task_id: str = "") -> Front:
    """The front of a run, or of what stands before one task and the task itself."""
    rows = list(instances)
    if task_id:
        own = {task_id, *graph.ancestors(task_id)}
        rows = [one for one in rows if one.task_id in own]
    unfinished = {one.task_id for one in rows}
    groups: dict[tuple[str, str], list[Instance]] = {}
    behind: list[Instance] = []
    for one in rows:
        before = set(graph.upstream(one.task_id)) & unfinished - {one.task_id}
        if before and one.state == "":
            behind.append(one)
        else:
            groups.setdefault((one.task_id, one.state), []).append(one)
    ordered = sorted(groups.values(), key=lambda group: _place(group[0]))
    return Front(tuple(map(tuple, ordered)), tuple(behind))


async def front_waits(case: Case, at: Front) -> list[Wait]:
    """One reason or more for each group at the front."""
    waits: list[Wait] = []
    for group in at.groups[:_GROUPS]:
        waits += await _group(case, group)
    return _joined(waits)


async def _group(case: Case, group: Sequence[Instance]) -> list[Wait]:
    state = group[0].state
    if state in _NOT_STARTED:
        return await _not_started(case, group)
    if state in _WAITING:
        return [await _WAITING[state](case, group)]
    return [await (sensor_wait if is_sensor(group[0]) else _running)(case, group)]


async def _not_started(case: Case, group: Sequence[Instance]) -> list[Wait]:
    waits = await rule_waits(case, group[0])
    for wait in waits:
        wait.tasks = grouped(group)
    if waits:
        return waits
    one = group[0]
    looked = one.scheduled_when or (case.run.last_scheduling_decision if case.run else None)
    if looked and case.now - looked < SHORT:
        what = "nothing stops it; the scheduler takes it up within seconds."
        cause = WaitCause.ABOUT_TO_START
    else:
        what = "none of the scheduler's rules that Airflow tells of stops it."
        cause = WaitCause.UNKNOWN
    state = one.state or "not yet looked at"
    return [Wait(cause=cause, what=f"{listed(grouped(group), 3)} ({state}): {what}")]


async def _queued(case: Case, group: Sequence[Instance]) -> Wait:
    """With the executor, which has not begun it."""
    one = min(group, key=lambda row: row.queued_when or case.now)
    names = listed(grouped(group), 3)
    if one.queued_when and case.now - one.queued_when < SHORT:
        return Wait(
            cause=WaitCause.ABOUT_TO_START,
            what=f"{names} was handed to the executor {since(one.queued_when, case.now)}.",
        )
    executor = f" ({word(one.executor)})" if one.executor else ""
    queue = f", or none listens on queue {word(one.queue)}" if one.queue else ""
    return Wait(
        cause=WaitCause.NOT_PICKED_UP,
        what=f"{names} is queued since {since(one.queued_when, case.now) or 'an unknown time'}:"
        f" the scheduler gave it to the executor{executor}, and no worker has begun it. Either all"
        f" worker slots are taken{queue}, or the executor does not get on; Airflow's API does not"
        " say which.",
        tasks=grouped(group),
    )


async def _retry(case: Case, group: Sequence[Instance]) -> Wait:
    one = group[0]
    task = (await case.graph()).tasks.get(one.task_id)
    due = ""
    if task and task.retry_delay is not None and one.end_date:
        at = one.end_date + timedelta(seconds=task.retry_delay)
        due = f" Next try at or after {since(at, case.now)}."
    return Wait(
        cause=WaitCause.RETRY_WAIT,
        what=f"{listed(grouped(group), 3)} failed in try {one.try_number} of {one.max_tries + 1}"
        f" and waits to be tried again.{due}",
    )


async def _person(case: Case, group: Sequence[Instance]) -> Wait:
    return await human_wait(case, group) or Wait(
        cause=WaitCause.HUMAN_APPROVAL,
        what=f"{listed(grouped(group), 3)} waits for a person's answer in Airflow.",
    )


async def _running(case: Case, group: Sequence[Instance]) -> Wait:
    """At work; how long that usually takes is told, where it is known."""
    one = min(group, key=lambda row: row.start_date or case.now)
    host = f" on {word(one.hostname)}" if one.hostname else ""
    begun = since(one.start_date, case.now) or "an unknown time"
    return Wait(
        cause=WaitCause.RUNNING,
        what=f"{listed(grouped(group), 3)} is {one.state} since {begun}{host}"
        f"{await _usual(case, one)}.",
    )


async def _usual(case: Case, one: Instance) -> str:
    where = InstanceFilter(task_id=one.task_id, states=("success",), order_by="-end_date")
    past = await case.of(where, case.dag.dag_id, ANY, _PAST)
    took = [row.duration for row in past.items if row.duration is not None]
    if not took:
        return "; no earlier success to compare with"
    usual = f"; usually {span(median(took))} (median of {len(took)})"
    if one.start_date and (case.now - one.start_date).total_seconds() > 3 * max(took) + 60:
        usual += ", so this is much longer than any of them"
    return usual


def _place(one: Instance) -> int:
    return _FIRST.index(one.state) if one.state in _FIRST else len(_FIRST)


def _joined(waits: Iterable[Wait]) -> list[Wait]:
    """Equal reasons once, with all that they hold up."""
    kept: dict[tuple[str, str], Wait] = {}
    for wait in waits:
        first = kept.setdefault((wait.cause, wait.what), wait)
        if first is not wait:
            first.tasks = list(dict.fromkeys([*first.tasks, *wait.tasks]))
    return list(kept.values())


_WAITING = {
    "queued": _queued,
    "awaiting_input": _person,
    "deferred": deferred_wait,
    "up_for_retry": _retry,
}
