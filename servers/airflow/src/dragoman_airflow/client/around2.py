"""Airflow 2 by its /api/v1: what surrounds the runs."""

from collections.abc import Mapping, Sequence

from dragoman_airflow.api import ANY, Feature
from dragoman_airflow.client import rows2, rows3
from dragoman_airflow.client.airflow2 import Reading2, path_of
from dragoman_airflow.client.airflow3 import ASSETS, INSTANCES
from dragoman_airflow.client.answers import Ask, NotThere
from dragoman_airflow.client.around3 import SYSTEM_LIMIT, numbered_events
from dragoman_airflow.client.asking import ListAsk, Of
from dragoman_airflow.client.tolerant import build, text
from dragoman_airflow.filters import EventFilter
from dragoman_airflow.models import (
    Asset,
    AssetEvent,
    Backfill,
    Component,
    DagVersion,
    Event,
    HumanTask,
    ImportFault,
    Instance,
    Job,
    Listing,
    Pool,
)


class Around2(Reading2):
    """Pools, events, health and datasets of an Airflow 2."""

    async def pools(self) -> Listing[Pool]:
        return await self._list(
            ListAsk("pools", Ask("list pools", "the right to read pools"), limit=SYSTEM_LIMIT),
            lambda size, offset, _: self._to.read(
                "pools", limit=size, offset=offset, order_by="id"
            ),
            lambda raw: build(Pool, raw),
            lambda pool: pool.name,
        )

    async def events(self, where: EventFilter, *, limit: int = 200) -> Listing[Event]:
        ask = Ask("read the event log", "the right to read audit logs")
        listing = await self._list(
            ListAsk("event_logs", ask, limit=limit),
            lambda size, offset, _: self._to.read(
                "eventLogs",
                limit=size,
                offset=offset,
                order_by="-when",
                dag_id=where.dag_id,
                run_id=where.run_id,
                task_id=where.task_id,
                map_index=where.map_index,
                try_number=where.try_number,
                included_events=",".join(where.events),
                before=where.before,
                after=where.after,
            ),
            numbered_events,
            lambda pair: pair[0],
        )
        items = tuple(event for _, event in listing.items)
        return Listing(items, listing.claimed, complete=listing.complete, note=listing.note)

    async def health(self) -> tuple[Component, ...]:
        ask = Ask("say how its parts are", "no right")
        return rows3.health(await self._get(lambda: self._to.read("health"), ask))

    async def jobs(self, job_type: str = "", *, alive: bool | None = None) -> Listing[Job]:
        del job_type, alive
        raise self._lacks(Feature.JOBS, "Its health names the last heartbeats.")

    async def import_errors(self, *, limit: int = 200) -> Listing[ImportFault]:
        ask = Ask("list import errors", "the right to read import errors")
        return await self._list(
            ListAsk("import_errors", ask, limit=limit),
            lambda size, offset, _: self._to.read(
                "importErrors", limit=size, offset=offset, order_by="import_error_id"
            ),
            rows3.import_fault,
            lambda fault: fault.filename,
        )

    async def versions(self, dag_id: str) -> Listing[DagVersion]:
        del dag_id
        raise self._lacks(Feature.VERSIONS)

    async def source(self, dag_id: str, version: int | None = None) -> str:
        if version is not None:
            raise self._lacks(Feature.VERSIONS, "It knows the source as it is now.")
        ask = Ask("read the source of a DAG", "the right to read DAG code")
        of = Of(dag_id)
        token = text(await self._get(lambda: self._dag_request(dag_id), ask, of), "file_token")
        raw = await self._get(lambda: self._to.read("dagSources", token), ask, of)
        return text(raw, "content")

    async def assets(self, dag_ids: Sequence[str]) -> Listing[Asset]:
        return await self._list(
            ListAsk("datasets", Ask("list datasets", ASSETS), limit=SYSTEM_LIMIT),
            lambda size, offset, _: self._to.read(
                "datasets", limit=size, offset=offset, order_by="id", dag_ids=",".join(dag_ids)
            ),
            rows2.asset,
            lambda asset: asset.id,
        )

    async def upstream_events(self, dag_id: str, run_id: str) -> Listing[AssetEvent]:
        ask = Ask("read the dataset events that started a run", ASSETS)
        of = Of(dag_id, run_id)
        raw = await self._get(
            lambda: self._to.read("dags", dag_id, "dagRuns", run_id, "upstreamDatasetEvents"),
            ask,
            of,
        )
        return self._one_page(raw, ListAsk("dataset_events", ask), rows2.asset_event)

    async def asset_events(
        self, *, source_dag_id: str, source_run_id: str = ""
    ) -> Listing[AssetEvent]:
        ask = Ask("list the dataset events of a run", ASSETS)
        return await self._list(
            ListAsk("dataset_events", ask, limit=SYSTEM_LIMIT),
            lambda size, offset, _: self._to.read(
                "datasets",
                "events",
                limit=size,
                offset=offset,
                order_by="timestamp",
                source_dag_id=source_dag_id,
                source_run_id=source_run_id,
            ),
            rows2.asset_event,
            lambda event: event.id,
        )

    async def links(self, instance: Instance) -> Mapping[str, str]:
        """Empty for mapped instances, which Airflow 2 does not find."""
        ask = Ask("read the links of a task instance", INSTANCES)
        of = Of(instance.dag_id, instance.run_id, instance.task_id)
        try:
            raw = await self._session.get(self._to.read(*path_of(of), "links"), ask)
        except NotThere:
            return {}
        return {name: link for name, link in raw.items() if isinstance(link, str) and link}

    async def human_tasks(self, dag_id: str = ANY, run_id: str = ANY) -> Listing[HumanTask]:
        del dag_id, run_id
        raise self._lacks(Feature.HUMAN_TASKS)

    async def backfills(self, dag_id: str) -> Listing[Backfill]:
        del dag_id
        raise self._lacks(Feature.BACKFILLS)
