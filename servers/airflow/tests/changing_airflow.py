"""A fake Airflow that changes: what clearing, marking, triggering do, by the rules of 3.3.2.

It keeps no scheduler: a test moves things itself. `acts` lists every change that was made.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NoReturn, TypeVar

from msgspec import UNSET
from msgspec.structs import replace

from dragoman_airflow.api import Feature, LogStream
from dragoman_airflow.change.wanted import named
from dragoman_airflow.errors import (
    AnswerLost,
    Conflict,
    DagNotFound,
    InstanceNotFound,
    NotOnThisAirflow,
    RunNotFound,
    Unreachable,
)
from dragoman_airflow.filters import EventFilter, InstanceFilter, RunFilter
from dragoman_airflow.graph import TaskGraph
from dragoman_airflow.models import (
    Asset,
    AssetEvent,
    Backfill,
    Component,
    Dag,
    DagVersion,
    Dependency,
    Event,
    HumanTask,
    ImportFault,
    Instance,
    Job,
    Listing,
    Pool,
    Run,
    Task,
)
from dragoman_airflow.orders import BackfillSpan, Clear, Mark, Trigger

T = TypeVar("T")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
_FAILED = {"failed", "upstream_failed"}
_DONE = {"success", "failed"}
_AT_WORK = {"running", "deferred", "up_for_reschedule", "awaiting_input"}
_ENDED = {"success", "failed", "upstream_failed", "skipped", "removed"}


@dataclass
class FakeAirflow:
    """One instance. `lose` counts answers that are lost after the change, `refuse` before it."""

    name: str = "prod"
    version: str = "3.3.2"
    address: str = "https://airflow.example"
    requests: int = 0
    missing: frozenset[Feature] = frozenset()
    lose: int = 0
    refuse: int = 0
    acts: list[str] = field(default_factory=list[str])
    known: dict[str, Dag] = field(default_factory=dict[str, Dag])
    graph: dict[str, tuple[Task, ...]] = field(default_factory=dict[str, tuple[Task, ...]])
    made: dict[tuple[str, str], Run] = field(default_factory=dict[tuple[str, str], Run])
    cells: dict[tuple[str, str, str, int], Instance] = field(
        default_factory=dict[tuple[str, str, str, int], Instance]
    )
    all_assets: tuple[Asset, ...] = ()
    on_unpause: tuple[Run, ...] = ()
    fills: dict[int, Backfill] = field(default_factory=dict[int, Backfill])

    # What a test arranges.

    def add_dag(self, dag: Dag, edges: Mapping[str, Sequence[str]]) -> None:
        """Tasks by name, with what comes directly after each."""
        self.known[dag.dag_id] = dag
        self.graph[dag.dag_id] = tuple(
            Task(task_id=task, downstream=tuple(below)) for task, below in edges.items()
        )

    def add_run(self, dag_id: str, run_id: str, state: str, states: Mapping[str, str]) -> Run:
        """A run whose instances have these states, `load[3]` for one of a mapped task."""
        run = Run(
            dag_id=dag_id,
            run_id=run_id,
            state=state,
            run_type="manual",
            versions=(DagVersion(version_number=1),),
        )
        self.made[dag_id, run_id] = run
        for name, standing in states.items():
            task, _, index = name.removesuffix("]").partition("[")
            self.put(dag_id, run_id, task, int(index) if index else -1, standing)
        return run

    def put(self, dag_id: str, run_id: str, task: str, index: int, state: str) -> None:
        old = self.cells.get((dag_id, run_id, task, index))
        self.cells[dag_id, run_id, task, index] = Instance(
            dag_id=dag_id,
            run_id=run_id,
            task_id=task,
            map_index=index,
            state=state,
            try_number=old.try_number if old else int(bool(state)),
            note=old.note if old else "",
        )

    def state(self, dag_id: str, run_id: str, name: str) -> str:
        task, _, index = name.removesuffix("]").partition("[")
        return self.cells[dag_id, run_id, task, int(index) if index else -1].state

    # What it is asked.

    def has(self, feature: Feature) -> bool:
        return feature not in self.missing

    async def dag(self, dag_id: str) -> Dag:
        if dag_id not in self.known:
            raise DagNotFound(f"There is no DAG {dag_id}.")
        return self.known[dag_id]

    async def dags(
        self, *, text: str = "", tag: str = "", paused: bool | None = None, limit: int = 1_000
    ) -> Listing[Dag]:
        del text, tag, paused, limit
        return _all(self.known.values())

    async def tasks(self, dag_id: str, version: int | None = None) -> tuple[Task, ...]:
        del version
        return self.graph[dag_id]

    async def runs(
        self, dag_id: str, where: RunFilter | None = None, *, limit: int = 1_000
    ) -> Listing[Run]:
        asked = where or RunFilter()
        found = _all(
            run
            for (dag, _), run in self.made.items()
            if dag == dag_id
            and (not asked.states or run.state in asked.states)
            and (not asked.run_types or run.run_type in asked.run_types)
        )
        if found.delivered <= limit:
            return found
        return Listing(found.items[:limit], found.delivered, complete=False, note="stopped")

    async def run(self, dag_id: str, run_id: str) -> Run:
        if (dag_id, run_id) not in self.made:
            raise RunNotFound(f"{dag_id} has no run {run_id}.")
        return self.made[dag_id, run_id]

    async def instances(
        self,
        dag_id: str,
        run_id: str,
        where: InstanceFilter | None = None,
        *,
        limit: int = 10_000,
    ) -> Listing[Instance]:
        del where
        found = self._of_run(dag_id, run_id)
        return Listing(found[:limit], len(found), len(found) <= limit)

    async def count(self, dag_id: str, run_id: str, where: InstanceFilter | None = None) -> int:
        del where
        return len(self._of_run(dag_id, run_id))

    async def instance(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> Instance:
        try:
            return self.cells[dag_id, run_id, task_id, map_index]
        except KeyError:
            raise InstanceNotFound(f"There is no {task_id}.") from None

    async def assets(self, dag_ids: Sequence[str]) -> Listing[Asset]:
        return _all(
            one for one in self.all_assets if any(dag in dag_ids for dag, _ in one.producers)
        )

    async def backfills(self, dag_id: str) -> Listing[Backfill]:
        return _all(one for one in self.fills.values() if one.dag_id == dag_id)

    async def backfill_dates(self, what: BackfillSpan) -> tuple[datetime, ...]:
        """Daily, without those that have a run, unless it is reprocessed."""
        days = (what.to_date - what.from_date).days + 1
        dates = [what.from_date + timedelta(days=day) for day in range(days)]
        taken = {
            run.logical_date: run.state for (dag, _), run in self.made.items() if dag == what.dag_id
        }
        again = {"none": set[str](), "failed": {"failed"}, "completed": _DONE}
        return tuple(
            date
            for date in dates
            if date not in taken or taken[date] in again[what.reprocess_behavior]
        )

    # What it does.

    async def clear(self, dag_id: str, what: Clear, *, dry_run: bool) -> tuple[Instance, ...]:
        chosen = self._chosen(dag_id, what)
        if dry_run:
            return chosen
        self._before()
        if any(one.state == "running" for one in chosen):
            raise Conflict("Some of these run just now.")
        for one in chosen:
            note = one.note if what.note is UNSET else what.note
            self._set(replace(one, state="", max_tries=one.try_number, note=note))
        if chosen and what.reset_runs:
            self._queue(dag_id, what.run_id)
        self._did(f"clear {dag_id} {what.run_id} {_names(chosen)}")
        return chosen

    async def mark(self, dag_id: str, what: Mark, *, dry_run: bool) -> tuple[Instance, ...]:
        marked = self._marked(dag_id, what)
        if dry_run:
            return marked
        self._before()
        if not marked:
            raise Conflict("It has that state.")
        for one in marked:
            self._set(replace(one, state=what.state))
        below = TaskGraph.of(self.graph[dag_id]).descendants(what.task_id)
        again = [
            one
            for one in self._of_run(dag_id, what.run_id)
            if one.task_id in below and one.state in _FAILED
        ]
        for one in again:
            self._set(replace(one, state=""))
        if again:
            self._queue(dag_id, what.run_id)
        self._did(f"mark {dag_id} {what.run_id} {what.state} {_names(marked)}")
        return marked

    async def mark_run(self, dag_id: str, run_id: str, state: str, note: str) -> Run:
        self._before()
        cells = self._of_run(dag_id, run_id)
        at_work = {one.task_id for one in cells if one.state in _AT_WORK}
        for one in cells:
            if one.task_id in at_work:
                self._set(replace(one, state=state))
            elif one.state not in _ENDED:
                self._set(replace(one, state="skipped"))
        run = replace(self.made[dag_id, run_id], state=state, note=note)
        self.made[dag_id, run_id] = run
        self._did(f"end {dag_id} {run_id}")
        return run

    async def note_run(self, dag_id: str, run_id: str, note: str) -> Run:
        run = replace(await self.run(dag_id, run_id), note=note)
        self.made[dag_id, run_id] = run
        return run

    async def note_instance(self, instance: Instance, note: str) -> None:
        self._set(replace(instance, note=note))

    async def trigger(self, dag_id: str, what: Trigger) -> Run:
        self._before()
        if (dag_id, what.run_id) in self.made:
            raise Conflict(f"Run {what.run_id} exists.")
        run = Run(
            dag_id=dag_id,
            run_id=what.run_id,
            state="queued",
            run_type="manual",
            conf=what.conf,
            note=what.note,
        )
        self.made[dag_id, what.run_id] = run
        self._did(f"trigger {dag_id} {what.run_id}")
        return run

    async def pause(self, dag_id: str, *, paused: bool) -> Dag:
        self._before()
        self.known[dag_id] = replace(self.known[dag_id], is_paused=paused)
        if not paused:
            self.made.update({(dag_id, run.run_id): run for run in self.on_unpause})
        self._did(f"{'pause' if paused else 'unpause'} {dag_id}")
        return self.known[dag_id]

    async def backfill(self, what: BackfillSpan) -> Backfill:
        self._before()
        dates = await self.backfill_dates(what)
        one = Backfill(
            id=len(self.fills) + 1,
            dag_id=what.dag_id,
            from_date=what.from_date,
            to_date=what.to_date,
        )
        self.fills[one.id] = one
        for date in dates:
            run_id = f"backfill__{date.isoformat()}"
            self.made[what.dag_id, run_id] = Run(
                dag_id=what.dag_id,
                run_id=run_id,
                state="queued",
                run_type="backfill",
                logical_date=date,
            )
        self._did(f"backfill {what.dag_id} {len(dates)}")
        return one

    async def cancel_backfill(self, backfill_id: int) -> Backfill:
        self._before()
        one = replace(self.fills[backfill_id], completed_at=NOON)
        self.fills[backfill_id] = one
        for key, run in self.made.items():
            if run.run_type == "backfill" and run.state == "queued":
                self.made[key] = replace(run, state="failed")
        self._did(f"cancel backfill {backfill_id}")
        return one

    # How it does it.

    def _before(self) -> None:
        if self.refuse:
            self.refuse -= 1
            raise Unreachable("No connection.")

    def _did(self, what: str) -> None:
        self.acts.append(what)
        if self.lose:
            self.lose -= 1
            raise AnswerLost("The answer was lost.")

    def _set(self, one: Instance) -> None:
        self.cells[one.dag_id, one.run_id, one.task_id, one.map_index] = one

    def _queue(self, dag_id: str, run_id: str) -> None:
        run = self.made[dag_id, run_id]
        if run.state in _DONE:
            self.made[dag_id, run_id] = replace(run, state="queued")

    def _of_run(self, dag_id: str, run_id: str) -> tuple[Instance, ...]:
        if (dag_id, run_id) not in self.made:
            raise RunNotFound(f"{dag_id} has no run {run_id}.")
        return tuple(
            one for (dag, run, _, _), one in self.cells.items() if (dag, run) == (dag_id, run_id)
        )

    def _chosen(self, dag_id: str, what: Clear) -> tuple[Instance, ...]:
        graph = TaskGraph.of(self.graph[dag_id])
        whole = {task for task, index in what.pairs if index is None}
        exact = {pair for pair in what.pairs if pair[1] is not None}
        if what.downstream:
            whole |= graph.descendants(*(task for task, _ in what.pairs))
        if what.upstream:
            whole |= {above for task, _ in what.pairs for above in graph.ancestors(task)}
        return tuple(
            one
            for one in self._of_run(dag_id, what.run_id)
            if (one.task_id in whole or one.key in exact)
            and (not what.only_failed or one.state in _FAILED)
        )

    def _marked(self, dag_id: str, what: Mark) -> tuple[Instance, ...]:
        graph = TaskGraph.of(self.graph[dag_id])
        more = graph.descendants(what.task_id) if what.downstream else frozenset[str]()
        more |= graph.ancestors(what.task_id) if what.upstream else frozenset[str]()
        return tuple(
            one
            for one in self._of_run(dag_id, what.run_id)
            if one.state != what.state
            and (
                one.task_id in more
                or (one.task_id == what.task_id and what.map_index in {None, one.map_index})
            )
        )

    # What changing never asks.

    async def tries(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> tuple[Instance, ...]:
        _never(dag_id, run_id, task_id, map_index)

    async def dependencies(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> tuple[Dependency, ...]:
        _never(dag_id, run_id, task_id, map_index)

    @asynccontextmanager
    async def log(
        self, instance: Instance, try_number: int, *, token: str = ""
    ) -> AsyncGenerator[LogStream]:
        _never(instance, try_number, token)
        yield LogStream("", _nothing())

    async def pools(self) -> Listing[Pool]:
        _never()

    async def events(self, where: EventFilter, *, limit: int = 200) -> Listing[Event]:
        _never(where, limit)

    async def health(self) -> tuple[Component, ...]:
        _never()

    async def jobs(self, job_type: str = "", *, alive: bool | None = None) -> Listing[Job]:
        _never(job_type, alive)

    async def import_errors(self, *, limit: int = 200) -> Listing[ImportFault]:
        _never(limit)

    async def versions(self, dag_id: str) -> Listing[DagVersion]:
        _never(dag_id)

    async def source(self, dag_id: str, version: int | None = None) -> str:
        _never(dag_id, version)

    async def upstream_events(self, dag_id: str, run_id: str) -> Listing[AssetEvent]:
        _never(dag_id, run_id)

    async def asset_events(
        self, *, source_dag_id: str, source_run_id: str = ""
    ) -> Listing[AssetEvent]:
        _never(source_dag_id, source_run_id)

    async def links(self, instance: Instance) -> Mapping[str, str]:
        _never(instance)

    async def human_tasks(self, dag_id: str = "~", run_id: str = "~") -> Listing[HumanTask]:
        _never(dag_id, run_id)


def _all(items: Iterable[T]) -> Listing[T]:
    found = tuple(items)
    return Listing(found, len(found), complete=True)


def _names(ones: Iterable[Instance]) -> str:
    return " ".join(sorted(named(*one.key) for one in ones))


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def _never(*asked: object) -> NoReturn:
    raise NotOnThisAirflow(f"This fake is never asked {asked}.")
