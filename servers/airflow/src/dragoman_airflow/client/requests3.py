"""Requests to Airflow 3, built by the classes of `apache-airflow-client`.

Importing it costs two seconds of CPU: `loading` does that in a thread.
Only requests are taken from the client: its decoding fails whole lists for one unknown state, and
its log reading drops tracebacks.
"""

from collections.abc import Sequence

from airflow_client.client import ApiClient
from airflow_client.client.api.asset_api import AssetApi
from airflow_client.client.api.backfill_api import BackfillApi
from airflow_client.client.api.dag_api import DAGApi
from airflow_client.client.api.dag_run_api import DagRunApi
from airflow_client.client.api.dag_source_api import DagSourceApi
from airflow_client.client.api.dag_version_api import DagVersionApi
from airflow_client.client.api.event_log_api import EventLogApi
from airflow_client.client.api.extra_links_api import ExtraLinksApi
from airflow_client.client.api.import_error_api import ImportErrorApi
from airflow_client.client.api.job_api import JobApi
from airflow_client.client.api.monitor_api import MonitorApi
from airflow_client.client.api.pool_api import PoolApi
from airflow_client.client.api.task_api import TaskApi
from airflow_client.client.api.task_instance_api import TaskInstanceApi

from dragoman_airflow.client.building3 import as_read
from dragoman_airflow.client.wire import Request
from dragoman_airflow.filters import EventFilter, InstanceFilter, RunFilter


class Reads3:
    """Every question to an Airflow 3, by the name of the answer."""

    def __init__(self, client: ApiClient) -> None:
        self._assets = AssetApi(client)
        self._backfills = BackfillApi(client)
        self._dags = DAGApi(client)
        self._runs = DagRunApi(client)
        self._sources = DagSourceApi(client)
        self._versions = DagVersionApi(client)
        self._events = EventLogApi(client)
        self._links = ExtraLinksApi(client)
        self._faults = ImportErrorApi(client)
        self._jobs = JobApi(client)
        self._monitor = MonitorApi(client)
        self._pools = PoolApi(client)
        self._tasks = TaskApi(client)
        self._instances = TaskInstanceApi(client)

    def dags(self, text: str, tag: str, size: int, offset: int, *, paused: bool | None) -> Request:
        return as_read(
            self._dags.get_dags_without_preload_content(
                limit=size,
                offset=offset,
                tags=[tag] if tag else None,
                dag_id_pattern=text or None,
                paused=paused,
                exclude_stale=False,
                order_by=["dag_id"],
            )
        )

    def dag(self, dag_id: str) -> Request:
        return as_read(self._dags.get_dag_details_without_preload_content(dag_id))

    def tasks(self, dag_id: str) -> Request:
        return as_read(self._tasks.get_tasks_without_preload_content(dag_id))

    def runs(
        self, dag_id: str, where: RunFilter, size: int, offset: int, cursor: str | None
    ) -> Request:
        return as_read(
            self._runs.get_dag_runs_without_preload_content(
                dag_id,
                cursor=cursor,
                limit=size,
                offset=offset,
                run_after_gte=where.run_after_gte,
                run_after_lte=where.run_after_lte,
                start_date_gte=where.start_date_gte,
                start_date_lte=where.start_date_lte,
                end_date_gte=where.end_date_gte,
                end_date_lte=where.end_date_lte,
                run_type=list(where.run_types) or None,
                state=list(where.states) or None,
                order_by=[where.order_by] if where.order_by else None,
            )
        )

    def run(self, dag_id: str, run_id: str) -> Request:
        return as_read(self._runs.get_dag_run_without_preload_content(dag_id, run_id))

    def instances(
        self,
        of: tuple[str, str],
        where: InstanceFilter,
        size: int,
        offset: int,
        cursor: str | None,
    ) -> Request:
        return as_read(
            self._instances.get_task_instances_without_preload_content(
                *of,
                cursor=cursor,
                limit=size,
                offset=offset,
                task_id=where.task_id or None,
                state=[state or "no_status" for state in where.states] or None,
                pool=list(where.pools) or None,
                map_index=None if where.map_index is None else [where.map_index],
                end_date_gte=where.end_date_gte,
                end_date_lte=where.end_date_lte,
                start_date_lte=where.start_date_lte,
                order_by=[where.order_by or "id"],
            )
        )

    def instance(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> Request:
        if map_index < 0:
            return as_read(
                self._instances.get_task_instance_without_preload_content(dag_id, run_id, task_id)
            )
        return as_read(
            self._instances.get_mapped_task_instance_without_preload_content(
                dag_id, run_id, task_id, map_index
            )
        )

    def tries(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> Request:
        return as_read(
            self._instances.get_task_instance_tries_without_preload_content(
                dag_id, run_id, task_id, map_index
            )
        )

    def dependencies(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> Request:
        return as_read(
            self._instances.get_task_instance_dependencies_without_preload_content(
                dag_id, run_id, task_id, map_index
            )
        )

    def log(
        self, of: tuple[str, str, str], map_index: int, try_number: int, token: str, accept: str
    ) -> Request:
        return as_read(
            self._instances.get_log_without_preload_content(
                *of,
                try_number,
                full_content=False,
                map_index=map_index,
                token=token or None,
                accept=accept,
            )
        )

    def links(self, of: tuple[str, str, str], map_index: int, try_number: int) -> Request:
        return as_read(
            self._links.get_extra_links_without_preload_content(
                *of, map_index=map_index, try_number=try_number
            )
        )

    def pools(self, size: int, offset: int) -> Request:
        return as_read(
            self._pools.get_pools_without_preload_content(
                limit=size, offset=offset, order_by=["id"]
            )
        )

    def events(self, where: EventFilter, size: int, offset: int) -> Request:
        return as_read(
            self._events.get_event_logs_without_preload_content(
                limit=size,
                offset=offset,
                order_by=["-when"],
                dag_id=where.dag_id or None,
                task_id=where.task_id or None,
                run_id=where.run_id or None,
                map_index=where.map_index,
                try_number=where.try_number,
                included_events=list(where.events) or None,
                before=where.before,
                after=where.after,
            )
        )

    def health(self) -> Request:
        return as_read(self._monitor.get_health_without_preload_content())

    def jobs(self, job_type: str, size: int, offset: int, *, alive: bool | None) -> Request:
        return as_read(
            self._jobs.get_jobs_without_preload_content(
                is_alive=alive,
                limit=size,
                offset=offset,
                order_by=["-id"],
                job_type=job_type or None,
            )
        )

    def import_errors(self, size: int, offset: int) -> Request:
        return as_read(
            self._faults.get_import_errors_without_preload_content(
                limit=size, offset=offset, order_by=["id"]
            )
        )

    def versions(self, dag_id: str, size: int, offset: int) -> Request:
        return as_read(
            self._versions.get_dag_versions_without_preload_content(
                dag_id, limit=size, offset=offset, order_by=["version_number"]
            )
        )

    def source(self, dag_id: str, version: int | None) -> Request:
        return as_read(
            self._sources.get_dag_source_without_preload_content(
                dag_id, version_number=version, accept="application/json"
            )
        )

    def assets(self, dag_ids: Sequence[str], size: int, offset: int) -> Request:
        return as_read(
            self._assets.get_assets_without_preload_content(
                limit=size, offset=offset, dag_ids=list(dag_ids) or None, order_by=["id"]
            )
        )

    def upstream_events(self, dag_id: str, run_id: str) -> Request:
        return as_read(self._runs.get_upstream_asset_events_without_preload_content(dag_id, run_id))

    def asset_events(self, dag_id: str, run_id: str, size: int, offset: int) -> Request:
        return as_read(
            self._assets.get_asset_events_without_preload_content(
                limit=size,
                offset=offset,
                order_by=["timestamp"],
                source_dag_id=dag_id,
                source_run_id=run_id or None,
            )
        )

    def human_tasks(self, dag_id: str, run_id: str, size: int, offset: int) -> Request:
        return as_read(
            self._instances.get_hitl_details_without_preload_content(
                dag_id,
                run_id,
                limit=size,
                offset=offset,
                order_by=["created_at"],
                response_received=False,
            )
        )

    def backfills(self, dag_id: str, size: int, offset: int) -> Request:
        return as_read(
            self._backfills.list_backfills_without_preload_content(
                dag_id, limit=size, offset=offset, order_by=["id"]
            )
        )
