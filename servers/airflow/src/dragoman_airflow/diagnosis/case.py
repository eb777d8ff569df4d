"""What is known of a run before any log is read."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from dragoman_airflow.api import Feature
from dragoman_airflow.diagnosis import lost, people
from dragoman_airflow.diagnosis.asking import OF_INSTANCES, Asking, together
from dragoman_airflow.diagnosis.roots import FAILED, RETRYING, Findings, find_roots
from dragoman_airflow.errors import Invalid
from dragoman_airflow.filters import EventFilter, InstanceFilter
from dragoman_airflow.graph import TaskGraph
from dragoman_airflow.models import UNFINISHED, Dag, Event, Instance, Listing, Run, Task

_BROKEN = (FAILED, *sorted(RETRYING))
_NOT_WELL = (*_BROKEN, "upstream_failed", "removed", "", *sorted(UNFINISHED - RETRYING))
_NEWEST = "awaiting_input"
_PAGE = 300
_EVENTS = (*people.EVENTS, *lost.EVENTS)


@dataclass(frozen=True)
class Case:
    """A run, its DAG's graph, the instances that are not well, and what the event log has."""

    dag: Dag
    run: Run
    graph: TaskGraph
    listing: Listing[Instance]
    total: int | None
    events: tuple[Event, ...]
    skipped: tuple[Instance, ...] = field(default=())

    @property
    def instances(self) -> tuple[Instance, ...]:
        return self.listing.items

    @cached_property
    def findings(self) -> Findings:
        stopped = lost.stopped(self.events, self.instances)
        return find_roots(self.graph, self.instances, stopped)

    @property
    def has_failed(self) -> bool:
        """Whether any task failed by itself, for good or until its next try."""
        return bool(self.findings.roots or self.findings.later)

    @cached_property
    def states(self) -> Counter[str]:
        """Instances by state; those not listed are well, and only counted where all is known."""
        return Counter(one.state or "no state" for one in self.instances)

    @property
    def counts(self) -> str:
        """The states in words."""
        told = [f"{many} {state}" for state, many in sorted(self.states.items())]
        if self.total is None:
            return ", ".join(told)
        well = self.total - sum(self.states.values())
        if self.listing.complete and well >= 0:
            told.append(f"{well} success or skipped")
        return f"{', '.join(told)} of {self.total}"


async def gather(asking: Asking, dag: Dag, run: Run) -> Case:
    """The case of a run, in four requests unless its instances fill several pages."""
    tasks: tuple[Task, ...] = ()
    listing: Listing[Instance] = Listing((), None, complete=False, note="not read")
    total: int | None = None
    events: tuple[Event, ...] = ()

    async def read_tasks() -> None:
        nonlocal tasks
        tasks = await asking.tried("task graph", asking.airflow.tasks(run.dag_id), ())

    async def read_instances() -> None:
        nonlocal listing
        listing = await _not_well(asking, run)

    async def read_total() -> None:
        nonlocal total
        total = await asking.tried(
            "number of instances", asking.airflow.count(run.dag_id, run.run_id), None
        )

    async def read_events() -> None:
        nonlocal events
        where = EventFilter(dag_id=run.dag_id, run_id=run.run_id, events=_EVENTS)
        none: Listing[Event] = Listing((), None, complete=True)
        found = await asking.tried("event log", asking.airflow.events(where, limit=100), none)
        events = found.items

    await together(read_tasks, read_instances, read_total, read_events)
    return Case(dag, run, TaskGraph.of(tasks), listing, total, events)


async def skipped(asking: Asking, run: Run) -> tuple[Instance, ...]:
    """Instances that were skipped, as a run's time limit leaves them."""
    where = InstanceFilter(states=("skipped",))
    none: Listing[Instance] = Listing((), None, complete=False)
    if not asking.has_room("skipped instances", OF_INSTANCES):
        return ()
    asked = asking.airflow.instances(run.dag_id, run.run_id, where, limit=100)
    return (await asking.tried("skipped instances", asked, none)).items


async def _not_well(asking: Asking, run: Run) -> Listing[Instance]:
    """All that are not well, or of very many at least those that failed."""
    every = await _in_states(asking, run, _NOT_WELL)
    if every.complete:
        return every
    failed = await _in_states(asking, run, _BROKEN)
    items = tuple({one.key: one for one in (*failed.items, *every.items)}.values())
    note = every.note if failed.complete else failed.note or every.note
    if not failed.complete:
        asking.not_read.append(f"some failed instances: {_read_of(failed)}")
    return Listing(items, every.claimed, complete=False, note=note)


async def _in_states(asking: Asking, run: Run, states: tuple[str, ...]) -> Listing[Instance]:
    """An older Airflow refuses the name of a state that it does not know."""
    if not asking.airflow.has(Feature.HUMAN_TASKS):
        states = tuple(state for state in states if state != _NEWEST)
    try:
        where = InstanceFilter(states=states)
        return await asking.airflow.instances(run.dag_id, run.run_id, where, limit=_PAGE)
    except Invalid:
        known = tuple(state for state in states if state != _NEWEST)
        where = InstanceFilter(states=known)
        return await asking.airflow.instances(run.dag_id, run.run_id, where, limit=_PAGE)


def _read_of(listing: Listing[Instance]) -> str:
    claimed = "an unknown number" if listing.claimed is None else f"{listing.claimed:,}"
    return f"{listing.delivered:,} read of {claimed}"
