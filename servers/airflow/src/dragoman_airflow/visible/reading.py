from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from dragoman.tool import Permits
from dragoman_airflow.api import ANY, Airflow, Feature, LogStream
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
from dragoman_airflow.settings import InstanceSetting
from dragoman_airflow.visible.labels import Labels
from dragoman_airflow.visible.narrowing import counted, dag_of, narrowed_asset, narrowed_event
from dragoman_airflow.visible.sight import Sight

_COMPONENTS = frozenset({"SchedulerJob", "TriggererJob", "DagProcessorJob"})
_FAR = 10_000
_COUNTED = 1_000


class Reading:
    """All that reads; what is about a hidden DAG is in no list, count or error.

    Pools keep their own numbers.
    """

    def __init__(
        self, airflow: Airflow, setting: InstanceSetting, permits: Permits, labels: Labels
    ) -> None:
        self.airflow = airflow
        self.sight = Sight(airflow, setting, permits, labels)
        self.backfill_dags: dict[int, str] = {}

    @property
    def name(self) -> str:
        return self.airflow.name

    @property
    def version(self) -> str:
        return self.airflow.version

    @property
    def address(self) -> str:
        return self.airflow.address

    @property
    def requests(self) -> int:
        return self.airflow.requests

    def has(self, feature: Feature) -> bool:
        return self.airflow.has(feature)

    async def dags(
        self, *, text: str = "", tag: str = "", paused: bool | None = None, limit: int = 1_000
    ) -> Listing[Dag]:
        async def read(reach: int) -> Listing[Dag]:
            found = await self.airflow.dags(text=text, tag=tag, paused=paused, limit=reach)
            self.sight.learn(found.items)
            return found

        return await self.sight.scan(read, dag_of, limit, least=_COUNTED)

    async def dag(self, dag_id: str) -> Dag:
        return await self.sight.dag(dag_id)

    async def tasks(self, dag_id: str, version: int | None = None) -> tuple[Task, ...]:
        await self.sight.need(dag_id)
        return await self.airflow.tasks(dag_id, version)

    async def runs(
        self, dag_id: str, where: RunFilter | None = None, *, limit: int = 1_000
    ) -> Listing[Run]:
        if dag_id != ANY:
            await self.sight.need(dag_id)
            return await self.airflow.runs(dag_id, where, limit=limit)

        async def read(reach: int) -> Listing[Run]:
            return await self.airflow.runs(ANY, where, limit=reach)

        return await self.sight.scan(read, dag_of, limit)

    async def run(self, dag_id: str, run_id: str) -> Run:
        await self.sight.need(dag_id)
        return await self.airflow.run(dag_id, run_id)

    async def instances(
        self,
        dag_id: str,
        run_id: str,
        where: InstanceFilter | None = None,
        *,
        limit: int = 10_000,
    ) -> Listing[Instance]:
        if dag_id != ANY:
            await self.sight.need(dag_id)
            return await self.airflow.instances(dag_id, run_id, where, limit=limit)

        async def read(reach: int) -> Listing[Instance]:
            return await self.airflow.instances(ANY, run_id, where, limit=reach)

        return await self.sight.scan(read, dag_of, limit)

    async def count(self, dag_id: str, run_id: str, where: InstanceFilter | None = None) -> int:
        """Over all DAGs those are counted that could be read: Airflow's own count has others."""
        if dag_id == ANY:
            return (await self.instances(ANY, run_id, where, limit=_FAR)).delivered
        await self.sight.need(dag_id)
        return await self.airflow.count(dag_id, run_id, where)

    async def instance(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> Instance:
        await self.sight.need(dag_id)
        return await self.airflow.instance(dag_id, run_id, task_id, map_index)

    async def tries(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> tuple[Instance, ...]:
        await self.sight.need(dag_id)
        return await self.airflow.tries(dag_id, run_id, task_id, map_index)

    async def dependencies(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> tuple[Dependency, ...]:
        await self.sight.need(dag_id)
        return await self.airflow.dependencies(dag_id, run_id, task_id, map_index)

    @asynccontextmanager
    async def log(
        self, instance: Instance, try_number: int, *, token: str = ""
    ) -> AsyncGenerator[LogStream]:
        await self.sight.need(instance.dag_id)
        async with self.airflow.log(instance, try_number, token=token) as stream:
            yield stream

    async def pools(self) -> Listing[Pool]:
        return await self.airflow.pools()

    async def events(self, where: EventFilter, *, limit: int = 200) -> Listing[Event]:
        """Events that belong to no DAG are left out: what they hold may be about any."""
        if where.dag_id:
            await self.sight.need(where.dag_id)
            return await self.airflow.events(where, limit=limit)

        async def read(reach: int) -> Listing[Event]:
            return await self.airflow.events(where, limit=reach)

        return await self.sight.scan(read, dag_of, limit)

    async def health(self) -> tuple[Component, ...]:
        return await self.airflow.health()

    async def jobs(self, job_type: str = "", *, alive: bool | None = None) -> Listing[Job]:
        """Schedulers, triggerers, DAG processors, and jobs of DAGs that may be seen."""
        found = await self.airflow.jobs(job_type, alive=alive)
        seen = await self.sight.among(job.dag_id for job in found.items)
        kept = tuple(
            job
            for job in found.items
            if job.dag_id in seen or (not job.dag_id and job.job_type in _COMPONENTS)
        )
        return counted(kept, found)

    async def import_errors(self, *, limit: int = 200) -> Listing[ImportFault]:
        found = await self.airflow.import_errors(limit=_FAR)
        kept = await self.sight.files(found.items)
        listing = counted(kept, found)
        if len(kept) <= limit:
            return listing
        return replace(listing, items=kept[:limit], complete=False)

    async def versions(self, dag_id: str) -> Listing[DagVersion]:
        await self.sight.need(dag_id)
        return await self.airflow.versions(dag_id)

    async def source(self, dag_id: str, version: int | None = None) -> str:
        await self.sight.need(dag_id)
        return await self.airflow.source(dag_id, version)

    async def assets(self, dag_ids: Sequence[str]) -> Listing[Asset]:
        """Only producers and consumers that may be seen are named; others are not counted."""
        for dag_id in dag_ids:
            await self.sight.need(dag_id)
        if not dag_ids:
            return Listing((), 0, complete=True)
        found = await self.airflow.assets(dag_ids)
        named = {dag for asset in found.items for dag, _ in asset.producers}
        named |= {dag for asset in found.items for dag in asset.scheduled_dags}
        seen = await self.sight.among(named)
        return replace(found, items=tuple(narrowed_asset(one, seen) for one in found.items))

    async def upstream_events(self, dag_id: str, run_id: str) -> Listing[AssetEvent]:
        await self.sight.need(dag_id)
        return await self._narrowed(await self.airflow.upstream_events(dag_id, run_id))

    async def asset_events(
        self, *, source_dag_id: str, source_run_id: str = ""
    ) -> Listing[AssetEvent]:
        await self.sight.need(source_dag_id)
        found = await self.airflow.asset_events(
            source_dag_id=source_dag_id, source_run_id=source_run_id
        )
        return await self._narrowed(found)

    async def links(self, instance: Instance) -> Mapping[str, str]:
        await self.sight.need(instance.dag_id)
        return await self.airflow.links(instance)

    async def human_tasks(self, dag_id: str = ANY, run_id: str = ANY) -> Listing[HumanTask]:
        if dag_id != ANY:
            await self.sight.need(dag_id)
            return await self.airflow.human_tasks(dag_id, run_id)
        found = await self.airflow.human_tasks(ANY, run_id)
        seen = await self.sight.among(one.instance.dag_id for one in found.items)
        return counted(tuple(one for one in found.items if one.instance.dag_id in seen), found)

    async def backfills(self, dag_id: str) -> Listing[Backfill]:
        await self.sight.need(dag_id)
        found = await self.airflow.backfills(dag_id)
        self.backfill_dags |= {one.id: one.dag_id for one in found.items}
        return found

    async def _narrowed(self, found: Listing[AssetEvent]) -> Listing[AssetEvent]:
        named = {one.source_dag_id for one in found.items}
        named |= {dag for one in found.items for dag, _ in one.created_runs}
        seen = await self.sight.among(named)
        return replace(found, items=tuple(narrowed_event(one, seen) for one in found.items))
