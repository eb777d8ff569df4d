"""Airflow 3 by its /api/v2: what surrounds the runs."""

from collections.abc import Mapping, Sequence

from dragoman_airflow.api import ANY
from dragoman_airflow.client import rows3
from dragoman_airflow.client.airflow3 import ASSETS, INSTANCES, Reading3
from dragoman_airflow.client.answers import Ask
from dragoman_airflow.client.asking import ListAsk, Of
from dragoman_airflow.client.tolerant import Raw, build, inner, text
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

SYSTEM_LIMIT = 1_000


class Around3(Reading3):
    """Pools, events, health, versions, assets, and people's tasks of an Airflow 3."""

    async def pools(self) -> Listing[Pool]:
        return await self._list(
            ListAsk("pools", Ask("list pools", "the right to read pools"), limit=SYSTEM_LIMIT),
            lambda size, offset, _: self._reads.pools(size, offset),
            lambda raw: build(Pool, raw),
            lambda pool: pool.name,
        )

    async def events(self, where: EventFilter, *, limit: int = 200) -> Listing[Event]:
        ask = Ask("read the event log", "the right to read audit logs")
        listing = await self._list(
            ListAsk("event_logs", ask, limit=limit),
            lambda size, offset, _: self._reads.events(where, size, offset),
            numbered_events,
            lambda pair: pair[0],
        )
        items = tuple(event for _, event in listing.items)
        return Listing(items, listing.claimed, complete=listing.complete, note=listing.note)

    async def health(self) -> tuple[Component, ...]:
        ask = Ask("say how its parts are", "no right")
        return rows3.health(await self._get(self._reads.health, ask))

    async def jobs(self, job_type: str = "", *, alive: bool | None = None) -> Listing[Job]:
        ask = Ask("list jobs", "the right to read jobs")
        listing = await self._list(
            ListAsk("jobs", ask, limit=SYSTEM_LIMIT),
            lambda size, offset, _: self._reads.jobs(job_type, size, offset, alive=alive),
            numbered_jobs,
            lambda pair: pair[0],
        )
        items = tuple(job for _, job in listing.items)
        return Listing(items, listing.claimed, complete=listing.complete, note=listing.note)

    async def import_errors(self, *, limit: int = 200) -> Listing[ImportFault]:
        ask = Ask("list import errors", "the right to read import errors")
        return await self._list(
            ListAsk("import_errors", ask, limit=limit),
            lambda size, offset, _: self._reads.import_errors(size, offset),
            rows3.import_fault,
            lambda fault: (fault.bundle_name, fault.filename),
        )

    async def versions(self, dag_id: str) -> Listing[DagVersion]:
        ask = Ask("list the versions of a DAG", "the right to read DAG versions")
        return await self._list(
            ListAsk("dag_versions", ask, Of(dag_id), SYSTEM_LIMIT),
            lambda size, offset, _: self._reads.versions(dag_id, size, offset),
            rows3.version,
            lambda version: version.version_number,
        )

    async def source(self, dag_id: str, version: int | None = None) -> str:
        ask = Ask("read the source of a DAG", "the right to read DAG code")
        raw = await self._get(lambda: self._reads.source(dag_id, version), ask, Of(dag_id))
        return text(raw, "content")

    async def assets(self, dag_ids: Sequence[str]) -> Listing[Asset]:
        return await self._list(
            ListAsk("assets", Ask("list assets", ASSETS), limit=SYSTEM_LIMIT),
            lambda size, offset, _: self._reads.assets(dag_ids, size, offset),
            rows3.asset,
            lambda asset: asset.id,
        )

    async def upstream_events(self, dag_id: str, run_id: str) -> Listing[AssetEvent]:
        ask = Ask("read the asset events that started a run", ASSETS)
        raw = await self._get(
            lambda: self._reads.upstream_events(dag_id, run_id), ask, Of(dag_id, run_id)
        )
        return self._one_page(raw, ListAsk("asset_events", ask), rows3.asset_event)

    async def asset_events(
        self, *, source_dag_id: str, source_run_id: str = ""
    ) -> Listing[AssetEvent]:
        ask = Ask("list the asset events of a run", ASSETS)
        return await self._list(
            ListAsk("asset_events", ask, limit=SYSTEM_LIMIT),
            lambda size, offset, _: self._reads.asset_events(
                source_dag_id, source_run_id, size, offset
            ),
            rows3.asset_event,
            lambda event: event.id,
        )

    async def links(self, instance: Instance) -> Mapping[str, str]:
        ask = Ask("read the links of a task instance", INSTANCES)
        of = (instance.dag_id, instance.run_id, instance.task_id)
        raw = await self._get(
            lambda: self._reads.links(of, instance.map_index, max(instance.try_number, 1)),
            ask,
            Of(*of, instance.map_index),
        )
        found = inner(raw, "extra_links") or {}
        return {name: link for name, link in found.items() if isinstance(link, str) and link}

    async def human_tasks(self, dag_id: str = ANY, run_id: str = ANY) -> Listing[HumanTask]:
        ask = Ask("list tasks that wait for a person", "the right to read human-in-the-loop tasks")
        return await self._list(
            ListAsk("hitl_details", ask, Of(dag_id, run_id), SYSTEM_LIMIT),
            lambda size, offset, _: self._reads.human_tasks(dag_id, run_id, size, offset),
            rows3.human_task,
            lambda task: (task.instance.dag_id, task.instance.run_id, task.instance.key),
        )

    async def backfills(self, dag_id: str) -> Listing[Backfill]:
        ask = Ask("list backfills", "the right to read backfills")
        return await self._list(
            ListAsk("backfills", ask, Of(dag_id), SYSTEM_LIMIT),
            lambda size, offset, _: self._reads.backfills(dag_id, size, offset),
            rows3.backfill,
            lambda backfill: backfill.id,
        )


def numbered_events(raw: Raw) -> tuple[object, Event] | None:
    """Events have no identity among their fields but their number."""
    event = rows3.event(raw)
    return None if event is None else (raw.get("event_log_id", repr(raw)), event)


def numbered_jobs(raw: Raw) -> tuple[object, Job] | None:
    job = rows3.job(raw)
    return None if job is None else (raw.get("id", repr(raw)), job)
