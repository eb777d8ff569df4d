"""An Airflow in memory that answers reads from what a test put into it; writes are only noted."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from dragoman.auth.caller import Caller
from dragoman_airflow.api import ANY, Airflow, Feature, LogStream
from dragoman_airflow.errors import (
    DagNotFound,
    InstanceNotFound,
    NotOnThisAirflow,
    RunNotFound,
    Unreachable,
)
from dragoman_airflow.filters import EventFilter, InstanceFilter, RunFilter
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
from dragoman_airflow.settings import InstanceSetting

T = TypeVar("T")
NOW = datetime.now(UTC).replace(microsecond=0)
HEALTHY = tuple(
    Component(name=name, status="healthy", latest_heartbeat=NOW)
    for name in ("metadatabase", "scheduler", "triggerer", "dag_processor")
)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


@dataclass
class InMemory:
    """What a test says there is; `seen` are the calls that were made."""

    name: str = "prod"
    version: str = "3.3.2"
    address: str = "https://airflow.example.org"
    lacks: frozenset[Feature] = frozenset()
    all_dags: list[Dag] = field(default_factory=list[Dag])
    all_tasks: dict[str, tuple[Task, ...]] = field(default_factory=dict[str, tuple[Task, ...]])
    all_runs: list[Run] = field(default_factory=list[Run])
    all_instances: list[Instance] = field(default_factory=list[Instance])
    reasons: dict[tuple[str, int], tuple[Dependency, ...]] = field(
        default_factory=dict[tuple[str, int], tuple[Dependency, ...]]
    )
    all_pools: list[Pool] = field(default_factory=list[Pool])
    all_events: list[Event] = field(default_factory=list[Event])
    components: tuple[Component, ...] = HEALTHY
    all_jobs: list[Job] = field(default_factory=list[Job])
    faults: list[ImportFault] = field(default_factory=list[ImportFault])
    all_assets: list[Asset] = field(default_factory=list[Asset])
    all_asset_events: list[AssetEvent] = field(default_factory=list[AssetEvent])
    people: list[HumanTask] = field(default_factory=list[HumanTask])
    all_backfills: list[Backfill] = field(default_factory=list[Backfill])
    logs: dict[str, str] = field(default_factory=dict[str, str])
    requests: int = 0
    seen: list[str] = field(default_factory=list[str])
    before: Callable[[str], None] = lambda _: None

    def has(self, feature: Feature) -> bool:
        return feature not in self.lacks

    def _ask(self, what: str) -> None:
        self.requests += 1
        self.seen.append(what)
        self.before(what)

    def _need(self, dag_id: str) -> Dag:
        for dag in self.all_dags:
            if dag.dag_id == dag_id:
                return dag
        raise DagNotFound(f"No DAG {dag_id}.")

    async def dags(
        self, *, text: str = "", tag: str = "", paused: bool | None = None, limit: int = 1_000
    ) -> Listing[Dag]:
        self._ask("dags")
        return cut(
            (
                dag
                for dag in self.all_dags
                if text in dag.dag_id
                and (not tag or tag in dag.tags)
                and paused in {None, dag.is_paused}
            ),
            limit,
        )

    async def dag(self, dag_id: str) -> Dag:
        self._ask(f"dag {dag_id}")
        return self._need(dag_id)

    async def tasks(self, dag_id: str, version: int | None = None) -> tuple[Task, ...]:
        del version
        self._ask(f"tasks {dag_id}")
        self._need(dag_id)
        return self.all_tasks.get(dag_id, ())

    async def runs(
        self, dag_id: str, where: RunFilter | None = None, *, limit: int = 1_000
    ) -> Listing[Run]:
        self._ask(f"runs {dag_id}")
        where = where or RunFilter()
        found = [
            run for run in self.all_runs if dag_id in {ANY, run.dag_id} and _wanted(run, where)
        ]
        key = where.order_by.lstrip("-")
        found.sort(
            key=lambda run: getattr(run, key) or ago(days=999),
            reverse=where.order_by.startswith("-"),
        )
        return cut(found, limit)

    async def run(self, dag_id: str, run_id: str) -> Run:
        self._ask(f"run {dag_id} {run_id}")
        for run in self.all_runs:
            if (run.dag_id, run.run_id) == (dag_id, run_id):
                return run
        raise RunNotFound(f"No run {run_id}.")

    async def instances(
        self,
        dag_id: str,
        run_id: str,
        where: InstanceFilter | None = None,
        *,
        limit: int = 10_000,
    ) -> Listing[Instance]:
        self._ask(f"instances {dag_id} {run_id}")
        return cut(self._instances(dag_id, run_id, where or InstanceFilter()), limit)

    async def count(self, dag_id: str, run_id: str, where: InstanceFilter | None = None) -> int:
        self._ask(f"count {dag_id} {run_id}")
        return len(self._instances(dag_id, run_id, where or InstanceFilter()))

    def _instances(self, dag_id: str, run_id: str, where: InstanceFilter) -> list[Instance]:
        return [
            one
            for one in self.all_instances
            if dag_id in {ANY, one.dag_id}
            and run_id in {ANY, one.run_id}
            and (not where.states or one.state in where.states)
            and where.task_id in {"", one.task_id}
            and (not where.pools or one.pool in where.pools)
            and where.map_index in {None, one.map_index}
        ]

    async def instance(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> Instance:
        self._ask(f"instance {dag_id} {run_id} {task_id}")
        where = InstanceFilter(task_id=task_id, map_index=map_index)
        for one in self._instances(dag_id, run_id, where):
            return one
        raise InstanceNotFound(f"No instance {task_id}.")

    async def tries(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> tuple[Instance, ...]:
        return (await self.instance(dag_id, run_id, task_id, map_index),)

    async def dependencies(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> tuple[Dependency, ...]:
        self._ask(f"dependencies {dag_id} {run_id} {task_id}")
        if Feature.DEPENDENCIES in self.lacks:
            raise NotOnThisAirflow("This Airflow does not tell.")
        return self.reasons.get((task_id, map_index), ())

    @asynccontextmanager
    async def log(
        self, instance: Instance, try_number: int, *, token: str = ""
    ) -> AsyncGenerator[LogStream]:
        del try_number, token
        self._ask(f"log {instance.dag_id} {instance.task_id}")

        async def chunks() -> AsyncIterator[bytes]:
            yield self.logs.get(instance.task_id, "").encode()

        yield LogStream("application/x-ndjson", chunks())

    async def pools(self) -> Listing[Pool]:
        self._ask("pools")
        return cut(self.all_pools, 1_000)

    async def events(self, where: EventFilter, *, limit: int = 200) -> Listing[Event]:
        self._ask("events")
        return cut((one for one in self.all_events if where.dag_id in {"", one.dag_id}), limit)

    async def health(self) -> tuple[Component, ...]:
        self._ask("health")
        return self.components

    async def jobs(self, job_type: str = "", *, alive: bool | None = None) -> Listing[Job]:
        del alive
        self._ask("jobs")
        return cut((job for job in self.all_jobs if job_type in {"", job.job_type}), 1_000)

    async def import_errors(self, *, limit: int = 200) -> Listing[ImportFault]:
        self._ask("import errors")
        return cut(self.faults, limit)

    async def versions(self, dag_id: str) -> Listing[DagVersion]:
        self._ask(f"versions {dag_id}")
        return cut([], 1)

    async def source(self, dag_id: str, version: int | None = None) -> str:
        del version
        self._ask(f"source {dag_id}")
        return ""

    async def assets(self, dag_ids: Sequence[str]) -> Listing[Asset]:
        self._ask("assets")
        return cut(
            (
                asset
                for asset in self.all_assets
                if set(dag_ids) & {*asset.scheduled_dags, *(dag for dag, _ in asset.producers)}
            ),
            1_000,
        )

    async def upstream_events(self, dag_id: str, run_id: str) -> Listing[AssetEvent]:
        self._ask(f"upstream events {dag_id}")
        return cut((e for e in self.all_asset_events if (dag_id, run_id) in e.created_runs), 100)

    async def asset_events(
        self, *, source_dag_id: str, source_run_id: str = ""
    ) -> Listing[AssetEvent]:
        self._ask(f"asset events {source_dag_id}")
        return cut(
            (
                e
                for e in self.all_asset_events
                if e.source_dag_id == source_dag_id and source_run_id in {"", e.source_run_id}
            ),
            100,
        )

    async def links(self, instance: Instance) -> Mapping[str, str]:
        self._ask(f"links {instance.dag_id}")
        return {}

    async def human_tasks(self, dag_id: str = ANY, run_id: str = ANY) -> Listing[HumanTask]:
        self._ask("people")
        return cut(
            (
                one
                for one in self.people
                if dag_id in {ANY, one.instance.dag_id} and run_id in {ANY, one.instance.run_id}
            ),
            100,
        )

    async def backfills(self, dag_id: str) -> Listing[Backfill]:
        self._ask(f"backfills {dag_id}")
        return cut((one for one in self.all_backfills if one.dag_id == dag_id), 100)

    async def clear(self, dag_id: str, what: Clear, *, dry_run: bool) -> tuple[Instance, ...]:
        del dry_run
        self._ask(f"clear {dag_id} {what.run_id}")
        return ()

    async def mark(self, dag_id: str, what: Mark, *, dry_run: bool) -> tuple[Instance, ...]:
        del dry_run
        self._ask(f"mark {dag_id} {what.run_id}")
        return ()

    async def mark_run(self, dag_id: str, run_id: str, state: str, note: str) -> Run:
        del state, note
        return await self.run(dag_id, run_id)

    async def note_run(self, dag_id: str, run_id: str, note: str) -> Run:
        del note
        return await self.run(dag_id, run_id)

    async def note_instance(self, instance: Instance, note: str) -> None:
        del note
        self._ask(f"note {instance.dag_id}")

    async def trigger(self, dag_id: str, what: Trigger) -> Run:
        self._ask(f"trigger {dag_id}")
        return Run(dag_id=dag_id, run_id=what.run_id)

    async def pause(self, dag_id: str, *, paused: bool) -> Dag:
        del paused
        self._ask(f"pause {dag_id}")
        return self._need(dag_id)

    async def backfill(self, what: BackfillSpan) -> Backfill:
        self._ask(f"backfill {what.dag_id}")
        return Backfill(id=1, dag_id=what.dag_id)

    async def backfill_dates(self, what: BackfillSpan) -> tuple[datetime, ...]:
        self._ask(f"backfill dates {what.dag_id}")
        return ()

    async def cancel_backfill(self, backfill_id: int) -> Backfill:
        self._ask(f"cancel {backfill_id}")
        return Backfill(id=backfill_id)


def cut(items: Iterable[T], limit: int) -> Listing[T]:
    """A list as Airflow gives it: the first of them, and how many there are."""
    found = tuple(items)
    whole = len(found) <= limit
    note = "" if whole else f"{limit:,} of {len(found):,} were read"
    return Listing(found[:limit], len(found), whole, note)


def _wanted(run: Run, where: RunFilter) -> bool:
    after = run.run_after or NOW
    return (
        (not where.states or run.state in where.states)
        and (not where.run_types or run.run_type in where.run_types)
        and (where.run_after_gte is None or after >= where.run_after_gte)
        and (where.run_after_lte is None or after <= where.run_after_lte)
        and (where.end_date_gte is None or (run.end_date or NOW) >= where.end_date_gte)
    )


@dataclass
class Opener:
    """Opens what a test made, by name; `down` are Airflows that do not answer."""

    airflows: Mapping[str, Airflow]
    down: frozenset[str] = frozenset()

    async def open(self, instance: InstanceSetting, caller: Caller) -> Airflow:
        del caller
        if instance.name in self.down:
            raise Unreachable(f"Airflow {instance.name} does not answer.")
        return self.airflows[instance.name]


def setting(name: str, *tags: str, url: str = "") -> InstanceSetting:
    return InstanceSetting(name=name, url=url or f"https://{name}.example.org", tags=tags)


def dag(dag_id: str, *tags: str, **more: Any) -> Dag:
    more.setdefault("fileloc", f"/dags/{dag_id}.py")
    return Dag(dag_id=dag_id, tags=tags, **more)
