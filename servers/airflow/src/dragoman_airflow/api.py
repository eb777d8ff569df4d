"""What every Airflow can be asked, whatever its version; `client` speaks to the real ones."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

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

ANY = "~"
"""Every DAG, or every run, where Airflow takes a wildcard."""


class Feature(StrEnum):
    """What not every Airflow has; asking for one that is missing raises NotOnThisAirflow."""

    DEPENDENCIES = "reasons why an instance is not started"
    VERSIONS = "DAG versions"
    BACKFILLS = "backfills"
    HUMAN_TASKS = "human-in-the-loop tasks"
    ASSET_CONSUMERS = "which DAGs an asset starts"
    ONE_INSTANCE = "clearing or marking one mapped instance"
    CLEAR_NOTE = "a note on cleared instances"
    JOBS = "jobs of schedulers and triggerers"
    PREVENT_RUNNING = "refusing to clear a running instance"


@dataclass(frozen=True, slots=True)
class LogStream:
    """An open log. `content_type` is application/x-ndjson, application/json or text/plain."""

    content_type: str
    chunks: AsyncIterator[bytes]


class Airflow(Protocol):
    """One Airflow, as one caller may see it.

    Lists are read to their end or to `limit`, and say so. Raises (all DragomanError): DagNotFound,
    RunNotFound, InstanceNotFound, Unreachable, Denied, Conflict, Invalid, NotOnThisAirflow.
    """

    @property
    def name(self) -> str:
        """The instance's name in our settings."""
        ...

    @property
    def version(self) -> str: ...

    @property
    def address(self) -> str:
        """Where people open it in a browser, without a final slash."""
        ...

    @property
    def requests(self) -> int:
        """HTTP requests sent since this caller opened it."""
        ...

    def has(self, feature: Feature) -> bool: ...

    async def dags(
        self, *, text: str = "", tag: str = "", paused: bool | None = None, limit: int = 1_000
    ) -> Listing[Dag]:
        """By id; those whose file is gone or broken are there, too, as stale."""
        ...

    async def dag(self, dag_id: str) -> Dag: ...

    async def tasks(self, dag_id: str, version: int | None = None) -> tuple[Task, ...]:
        """The DAG's tasks as they are now, or as they were at a version where Airflow knows."""
        ...

    async def runs(
        self, dag_id: str, where: RunFilter | None = None, *, limit: int = 1_000
    ) -> Listing[Run]: ...

    async def run(self, dag_id: str, run_id: str) -> Run: ...

    async def instances(
        self,
        dag_id: str,
        run_id: str,
        where: InstanceFilter | None = None,
        *,
        limit: int = 10_000,
    ) -> Listing[Instance]: ...

    async def count(self, dag_id: str, run_id: str, where: InstanceFilter | None = None) -> int:
        """How many instances Airflow claims there are."""
        ...

    async def instance(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> Instance: ...

    async def tries(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> tuple[Instance, ...]:
        """Every try there is a record of, first to latest."""
        ...

    async def dependencies(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> tuple[Dependency, ...]:
        """Empty once the instance is queued, running or rescheduling."""
        ...

    def log(
        self, instance: Instance, try_number: int, *, token: str = ""
    ) -> AbstractAsyncContextManager[LogStream]:
        """That try's log and no other's. Raises LogNotFound, which says which tries there are."""
        ...

    async def pools(self) -> Listing[Pool]: ...

    async def events(self, where: EventFilter, *, limit: int = 200) -> Listing[Event]:
        """Newest first."""
        ...

    async def health(self) -> tuple[Component, ...]: ...

    async def jobs(self, job_type: str = "", *, alive: bool | None = None) -> Listing[Job]: ...

    async def import_errors(self, *, limit: int = 200) -> Listing[ImportFault]: ...

    async def versions(self, dag_id: str) -> Listing[DagVersion]: ...

    async def source(self, dag_id: str, version: int | None = None) -> str: ...

    async def assets(self, dag_ids: Sequence[str]) -> Listing[Asset]:
        """Assets that these DAGs make or are started by."""
        ...

    async def upstream_events(self, dag_id: str, run_id: str) -> Listing[AssetEvent]: ...

    async def asset_events(
        self, *, source_dag_id: str, source_run_id: str = ""
    ) -> Listing[AssetEvent]: ...

    async def links(self, instance: Instance) -> Mapping[str, str]:
        """Extra links of an instance: name to address."""
        ...

    async def human_tasks(self, dag_id: str = ANY, run_id: str = ANY) -> Listing[HumanTask]:
        """Those that wait for an answer."""
        ...

    async def backfills(self, dag_id: str) -> Listing[Backfill]: ...

    async def clear(self, dag_id: str, what: Clear, *, dry_run: bool) -> tuple[Instance, ...]:
        """The instances that are (or, dry, would be) cleared."""
        ...

    async def mark(self, dag_id: str, what: Mark, *, dry_run: bool) -> tuple[Instance, ...]: ...

    async def mark_run(self, dag_id: str, run_id: str, state: str, note: str) -> Run: ...

    async def note_run(self, dag_id: str, run_id: str, note: str) -> Run: ...

    async def note_instance(self, instance: Instance, note: str) -> None: ...

    async def trigger(self, dag_id: str, what: Trigger) -> Run:
        """The new run. Raises Conflict when its run id exists, and then nothing was made."""
        ...

    async def pause(self, dag_id: str, *, paused: bool) -> Dag: ...

    async def backfill(self, what: BackfillSpan) -> Backfill: ...

    async def backfill_dates(self, what: BackfillSpan) -> tuple[datetime, ...]:
        """The logical dates a backfill would make runs for."""
        ...

    async def cancel_backfill(self, backfill_id: int) -> Backfill: ...
