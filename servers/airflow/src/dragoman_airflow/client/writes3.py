"""Requests that change an Airflow 3, or say beforehand what they would change."""

from dataclasses import replace
from typing import cast

from airflow_client.client import ApiClient
from airflow_client.client.api.backfill_api import BackfillApi
from airflow_client.client.api.dag_api import DAGApi
from airflow_client.client.api.dag_run_api import DagRunApi
from airflow_client.client.api.task_instance_api import TaskInstanceApi
from airflow_client.client.models.backfill_post_body import BackfillPostBody
from airflow_client.client.models.clear_task_instances_body import ClearTaskInstancesBody
from airflow_client.client.models.clear_task_instances_body_task_ids_inner import (
    ClearTaskInstancesBodyTaskIdsInner as TaskIds,
)
from airflow_client.client.models.dag_patch_body import DAGPatchBody
from airflow_client.client.models.dag_run_mutable_states import DagRunMutableStates
from airflow_client.client.models.dag_run_patch_body import DAGRunPatchBody
from airflow_client.client.models.patch_task_instance_body import PatchTaskInstanceBody
from airflow_client.client.models.reprocess_behavior import ReprocessBehavior
from airflow_client.client.models.task_instance_state import TaskInstanceState
from airflow_client.client.models.trigger_dag_run_post_body import TriggerDAGRunPostBody
from msgspec import UNSET

from dragoman_airflow.client.wire import Request
from dragoman_airflow.models import Instance
from dragoman_airflow.orders import BackfillSpan, Clear, Mark, Trigger


class Writes3:
    """Every change of an Airflow 3; what is `dry_run` may be repeated."""

    def __init__(self, client: ApiClient) -> None:
        self._backfills = BackfillApi(client)
        self._dags = DAGApi(client)
        self._runs = DagRunApi(client)
        self._instances = TaskInstanceApi(client)

    def clear(self, dag_id: str, what: Clear, *, dry_run: bool, strict: bool) -> Request:
        body = ClearTaskInstancesBody(
            dry_run=dry_run,
            dag_run_id=what.run_id,
            task_ids=[_marker(*pair) for pair in what.pairs],
            include_upstream=what.upstream,
            include_downstream=what.downstream,
            only_failed=what.only_failed,
            reset_dag_runs=what.reset_runs,
        )
        if strict:
            body.prevent_running_task = True
        if what.latest_version is not None:
            body.run_on_latest_version = what.latest_version
        if what.note is not UNSET:
            body.note = what.note
        built = self._instances.post_clear_task_instances_without_preload_content(dag_id, body)
        return _request(built, dry_run=dry_run)

    def mark(self, dag_id: str, what: Mark, *, dry_run: bool) -> Request:
        body = PatchTaskInstanceBody(
            new_state=TaskInstanceState(what.state),
            include_upstream=what.upstream,
            include_downstream=what.downstream,
        )
        if what.note is not UNSET:
            body.note = what.note
        call = (
            self._instances.patch_task_instance_dry_run_without_preload_content
            if dry_run
            else self._instances.patch_task_instance_without_preload_content
        )
        built = call(dag_id, what.run_id, what.task_id, body, map_index=what.map_index)
        return _request(built, dry_run=dry_run)

    def note_instance(self, one: Instance, note: str) -> Request:
        built = self._instances.patch_task_instance_without_preload_content(
            one.dag_id,
            one.run_id,
            one.task_id,
            PatchTaskInstanceBody(note=note),
            map_index=one.map_index,
            update_mask=["note"],
        )
        return _request(built)

    def patch_run(self, dag_id: str, run_id: str, state: str, note: str) -> Request:
        body = DAGRunPatchBody(note=note)
        if state:
            body.state = DagRunMutableStates(state)
        return _request(self._runs.patch_dag_run_without_preload_content(dag_id, run_id, body))

    def trigger(self, dag_id: str, what: Trigger) -> Request:
        # Airflow 3 wants `logical_date` named even when it is null.
        body = TriggerDAGRunPostBody(
            dag_run_id=what.run_id,
            logical_date=what.logical_date,
            conf=dict(what.conf),
        )
        if what.note:
            body.note = what.note
        return _request(self._runs.trigger_dag_run_without_preload_content(dag_id, body))

    def pause(self, dag_id: str, *, paused: bool) -> Request:
        return _request(
            self._dags.patch_dag_without_preload_content(
                dag_id, DAGPatchBody(is_paused=paused), update_mask=["is_paused"]
            )
        )

    def backfill(self, what: BackfillSpan, *, dry_run: bool) -> Request:
        body = BackfillPostBody(
            dag_id=what.dag_id,
            from_date=what.from_date,
            to_date=what.to_date,
            reprocess_behavior=ReprocessBehavior(what.reprocess_behavior),
            max_active_runs=what.max_active_runs,
            run_backwards=what.backwards,
            dag_run_conf=dict(what.conf),
        )
        if what.latest_version is not None:
            body.run_on_latest_version = what.latest_version
        call = (
            self._backfills.create_backfill_dry_run_without_preload_content
            if dry_run
            else self._backfills.create_backfill_without_preload_content
        )
        return _request(call(body), dry_run=dry_run)

    def cancel_backfill(self, backfill_id: int) -> Request:
        return _request(self._backfills.cancel_backfill_without_preload_content(backfill_id))


def _marker(task_id: str, map_index: int | None) -> TaskIds:
    return TaskIds(task_id if map_index is None else [task_id, map_index])


def _request(built: object, *, dry_run: bool = False) -> Request:
    return replace(cast("Request", built), repeatable=dry_run)
