"""What Airflow says, version 2 or 3, in one set of names; unknown states and fields pass through.

Times are aware and None where Airflow has none or gives one that cannot be read; durations are
seconds. `map_index` is -1 for an instance that is not mapped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")

UNFINISHED = frozenset(
    {
        "scheduled",
        "queued",
        "running",
        "restarting",
        "deferred",
        "up_for_retry",
        "up_for_reschedule",
        "awaiting_input",
    }
)
"""States of instances that may still change by themselves; `""` (no state yet) is one, too."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """Items read of a list, each once, and how many Airflow says there are.

    `claimed` is None when it did not say. `note` tells in words why it is not complete.
    """

    items: tuple[T, ...]
    claimed: int | None
    complete: bool
    note: str = ""

    @property
    def delivered(self) -> int:
        return len(self.items)


class DagVersion(Struct, frozen=True, kw_only=True):
    version_number: int = 0
    bundle_name: str = ""
    bundle_version: str = ""
    created_at: datetime | None = None


class Dag(Struct, frozen=True, kw_only=True):
    """A DAG. `catchup`, `start_date`, `params` and `asset_expression` are in `get_dag` alone."""

    dag_id: str
    is_paused: bool = False
    is_stale: bool = False
    has_import_errors: bool = False
    description: str = ""
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    fileloc: str = ""
    timetable_summary: str = ""
    next_run_after: datetime | None = None
    next_logical_date: datetime | None = None
    last_parsed: datetime | None = None
    max_active_runs: int | None = None
    max_active_tasks: int | None = None
    catchup: bool | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    dag_run_timeout: str = ""
    params: Mapping[str, object] = {}
    asset_expression: object = None
    bundle_name: str = ""
    bundle_version: str = ""
    version: DagVersion | None = None
    rerun_with_latest_version: bool | None = None


class Task(Struct, frozen=True, kw_only=True):
    task_id: str
    operator: str = ""
    downstream: tuple[str, ...] = ()
    trigger_rule: str = "all_success"
    is_mapped: bool = False
    retries: int = 0
    retry_delay: float | None = None
    execution_timeout: float | None = None
    pool: str = "default_pool"
    pool_slots: int = 1
    depends_on_past: bool = False
    wait_for_downstream: bool = False
    is_setup: bool | None = None
    is_teardown: bool | None = None


class Run(Struct, frozen=True, kw_only=True):
    """A DAG run. `versions` are those its instances ran with, oldest first."""

    dag_id: str
    run_id: str
    state: str = ""
    run_type: str = ""
    logical_date: datetime | None = None
    run_after: datetime | None = None
    queued_at: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None
    last_scheduling_decision: datetime | None = None
    duration: float | None = None
    conf: Mapping[str, object] = {}
    note: str = ""
    triggered_by: str = ""
    triggering_user: str = ""
    partition_key: str = ""
    bundle_version: str = ""
    versions: tuple[DagVersion, ...] = ()


class Instance(Struct, frozen=True, kw_only=True):
    """A task instance at one try. `state` is "" before the scheduler has looked at it."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    state: str = ""
    try_number: int = 0
    max_tries: int = 0
    logical_date: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    queued_when: datetime | None = None
    scheduled_when: datetime | None = None
    duration: float | None = None
    operator: str = ""
    pool: str = ""
    pool_slots: int = 1
    queue: str = ""
    executor: str = ""
    hostname: str = ""
    pid: int | None = None
    priority_weight: int | None = None
    note: str = ""
    rendered_map_index: str = ""
    rendered_fields: Mapping[str, object] = {}
    version: DagVersion | None = None
    trigger: Mapping[str, object] | None = None
    triggerer_job: "Job | None" = None

    @property
    def key(self) -> tuple[str, int]:
        return self.task_id, self.map_index


class Dependency(Struct, frozen=True, kw_only=True):
    """One reason of the scheduler not to start an instance, in its own words."""

    name: str = ""
    reason: str = ""


class Pool(Struct, frozen=True, kw_only=True):
    """Slots of a pool; -1 slots are without limit."""

    name: str
    slots: int = 0
    open_slots: int = 0
    occupied_slots: int = 0
    running_slots: int = 0
    queued_slots: int = 0
    scheduled_slots: int = 0
    deferred_slots: int = 0
    include_deferred: bool = False


class Event(Struct, frozen=True, kw_only=True):
    """A row of the event log. `owner` is the user of the token, not always the person."""

    event: str = ""
    when: datetime | None = None
    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: int = -1
    try_number: int | None = None
    owner: str = ""
    extra: str = ""


class Component(Struct, frozen=True, kw_only=True):
    """Scheduler, triggerer, DAG processor or database. `status` is "" when Airflow runs none."""

    name: str = ""
    status: str = ""
    latest_heartbeat: datetime | None = None


class Job(Struct, frozen=True, kw_only=True):
    job_type: str = ""
    state: str = ""
    hostname: str = ""
    dag_id: str = ""
    latest_heartbeat: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None


class ImportFault(Struct, frozen=True, kw_only=True):
    """A file that could not be read as DAGs."""

    filename: str = ""
    bundle_name: str = ""
    stack_trace: str = ""
    timestamp: datetime | None = None


class Asset(Struct, frozen=True, kw_only=True):
    """An asset (dataset on Airflow 2): who makes it, and which DAGs it starts."""

    id: int = 0
    name: str = ""
    uri: str = ""
    producers: tuple[tuple[str, str], ...] = ()
    """(dag_id, task_id) each."""
    scheduled_dags: tuple[str, ...] = ()


class AssetEvent(Struct, frozen=True, kw_only=True):
    id: int = 0
    asset_id: int = 0
    name: str = ""
    uri: str = ""
    timestamp: datetime | None = None
    source_dag_id: str = ""
    source_run_id: str = ""
    source_task_id: str = ""
    source_map_index: int = -1
    created_runs: tuple[tuple[str, str], ...] = ()
    """(dag_id, run_id) each."""


class HumanTask(Struct, frozen=True, kw_only=True):
    """A task of Airflow's own that waits for a person's answer in Airflow."""

    instance: Instance
    subject: str = ""
    body: str = ""
    options: tuple[str, ...] = ()
    assigned_users: tuple[str, ...] = ()
    created_at: datetime | None = None
    response_received: bool = False


class Backfill(Struct, frozen=True, kw_only=True):
    id: int = 0
    dag_id: str = ""
    from_date: datetime | None = None
    to_date: datetime | None = None
    reprocess_behavior: str = ""
    max_active_runs: int = 0
    is_paused: bool = False
    created_at: datetime | None = None
    completed_at: datetime | None = None
