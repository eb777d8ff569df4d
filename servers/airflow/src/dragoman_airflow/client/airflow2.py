"""Airflow 2 by its /api/v1: runs, task instances and logs."""

from contextlib import AbstractAsyncContextManager

from dragoman_airflow.api import ANY, Feature, LogStream
from dragoman_airflow.client import rows2, rows3
from dragoman_airflow.client.airflow3 import DAGS, INSTANCES, RUNS
from dragoman_airflow.client.answers import Ask
from dragoman_airflow.client.asking import Asking, ListAsk, Of, kept
from dragoman_airflow.client.logs_of import JSON, NDJSON, TEXT, accept_of, open_log
from dragoman_airflow.client.requests2 import Requests2
from dragoman_airflow.client.session import Session
from dragoman_airflow.client.tolerant import rows, text, whole
from dragoman_airflow.client.wire import Request
from dragoman_airflow.filters import InstanceFilter, RunFilter
from dragoman_airflow.models import Dag, Dependency, Instance, Listing, Run, Task
from dragoman_airflow.settings import InstanceSetting

SINCE = {Feature.DEPENDENCIES: (2, 10), Feature.ASSET_CONSUMERS: (2, 4)}
"""What only some Airflows 2 have, and since which."""


class Reading2(Asking):
    """What can be asked of an Airflow 2."""

    since = SINCE

    def __init__(
        self,
        setting: InstanceSetting,
        version: str,
        session: Session,
        page: int,
        requests: Requests2,
    ) -> None:
        super().__init__(setting, version, session, page)
        self._to = requests

    def _dag_request(self, dag_id: str) -> Request:
        return self._to.read("dags", dag_id)

    def _run_request(self, dag_id: str, run_id: str) -> Request:
        return self._to.read("dags", dag_id, "dagRuns", run_id)

    async def dags(
        self, *, text: str = "", tag: str = "", paused: bool | None = None, limit: int = 1_000
    ) -> Listing[Dag]:
        return await self._list(
            ListAsk("dags", Ask("list DAGs", DAGS), limit=limit),
            lambda size, offset, _: self._to.read(
                "dags",
                limit=size,
                offset=offset,
                dag_id_pattern=text,
                tags=tag,
                paused=paused,
                only_active=False,
                order_by="dag_id",
            ),
            rows2.dag,
            lambda dag: dag.dag_id,
        )

    async def dag(self, dag_id: str) -> Dag:
        """Both of its answers together: the details leave out the owners."""
        ask = Ask("read a DAG", DAGS)
        of = Of(dag_id)
        short = await self._get(lambda: self._dag_request(dag_id), ask, of)
        details = await self._get(lambda: self._to.read("dags", dag_id, "details"), ask, of)
        owners = short.get("owners")
        return self._whole(rows2.dag({**short, **details, "owners": owners}), ask)

    async def tasks(self, dag_id: str, version: int | None = None) -> tuple[Task, ...]:
        if version is not None:
            raise self._lacks(Feature.VERSIONS)
        ask = Ask("read the tasks of a DAG", DAGS)
        raw = await self._get(lambda: self._to.read("dags", dag_id, "tasks"), ask, Of(dag_id))
        return tuple(self._whole(rows3.task(one), ask) for one in rows(raw, "tasks"))

    async def runs(
        self, dag_id: str, where: RunFilter | None = None, *, limit: int = 1_000
    ) -> Listing[Run]:
        asked = where or RunFilter()
        ask = Ask("list DAG runs", RUNS, fields={"state": "states"})
        order = asked.order_by.replace("run_after", "execution_date")
        listing = await self._list(
            ListAsk("dag_runs", ask, Of(dag_id), limit),
            lambda size, offset, _: self._to.read(
                "dags",
                dag_id,
                "dagRuns",
                limit=size,
                offset=offset,
                order_by=order.replace("logical_date", "execution_date"),
                state=asked.states,
                # A run is written after it may begin, and its logical date lies before that.
                updated_at_gte=asked.run_after_gte,
                execution_date_lte=asked.run_after_lte,
                start_date_gte=asked.start_date_gte,
                start_date_lte=asked.start_date_lte,
                end_date_gte=asked.end_date_gte,
                end_date_lte=asked.end_date_lte,
            ),
            rows2.run,
            lambda run: (run.dag_id, run.run_id),
        )
        if not listing.items and dag_id != ANY:
            # Airflow 2 answers an unknown DAG with an empty list.
            await self._get(lambda: self._dag_request(dag_id), ask, Of(dag_id))
        return kept(listing, [run for run in listing.items if _is_wanted(run, asked)])

    async def run(self, dag_id: str, run_id: str) -> Run:
        ask = Ask("read a DAG run", RUNS)
        of = Of(dag_id, run_id)
        raw = await self._get(lambda: self._run_request(dag_id, run_id), ask, of)
        return self._whole(rows2.run(raw), ask)

    async def instances(
        self,
        dag_id: str,
        run_id: str,
        where: InstanceFilter | None = None,
        *,
        limit: int = 10_000,
    ) -> Listing[Instance]:
        asked = where or InstanceFilter()
        of = Of(dag_id, run_id)
        ask = Ask("list task instances", INSTANCES, fields={"state": "states"})
        listing = await self._list(
            ListAsk("task_instances", ask, of, limit),
            lambda size, offset, _: self._instances_request(of, asked, size, offset),
            rows2.instance,
            lambda one: (one.dag_id, one.run_id, one.task_id, one.map_index),
        )
        if not listing.items and run_id != ANY:
            await self._get(lambda: self._run_request(dag_id, run_id), ask, of)
        if asked.map_index is None:
            return listing
        return kept(listing, [one for one in listing.items if one.map_index == asked.map_index])

    def _instances_request(self, of: Of, where: InstanceFilter, size: int, offset: int) -> Request:
        content: dict[str, object] = {
            "page_limit": size,
            "page_offset": offset,
            "dag_ids": None if of.dag_id == ANY else [of.dag_id],
            "dag_run_ids": None if of.run_id == ANY else [of.run_id],
            "task_ids": [where.task_id] if where.task_id else None,
            "state": [state or "none" for state in where.states] or None,
            "pool": list(where.pools) or None,
            "end_date_gte": where.end_date_gte,
            "end_date_lte": where.end_date_lte,
            "start_date_lte": where.start_date_lte,
        }
        return self._to.search(
            "dags", ANY, "dagRuns", ANY, "taskInstances", "list", content=content
        )

    async def count(self, dag_id: str, run_id: str, where: InstanceFilter | None = None) -> int:
        asked = where or InstanceFilter()
        if asked.map_index is not None:
            return (await self.instances(dag_id, run_id, asked)).delivered
        ask = Ask("count task instances", INSTANCES)
        of = Of(dag_id, run_id)
        raw = await self._get(lambda: self._instances_request(of, asked, 1, 0), ask, of)
        return whole(raw, "total_entries") or 0

    async def instance(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> Instance:
        ask = Ask("read a task instance", INSTANCES)
        of = Of(dag_id, run_id, task_id, map_index)
        raw = await self._get(lambda: self._to.read(*path_of(of)), ask, of)
        return self._whole(rows2.instance(raw), ask)

    async def tries(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> tuple[Instance, ...]:
        of = Of(dag_id, run_id, task_id, map_index)
        if self._release < (2, 10):
            return (await self.instance(dag_id, run_id, task_id, map_index),)
        ask = Ask("read the tries of a task instance", INSTANCES)
        raw = await self._get(lambda: self._to.read(*path_of(of), "tries"), ask, of)
        found = [rows2.instance(one) for one in rows(raw, "task_instances")]
        known = {one.try_number: one for one in found if one is not None}
        if not known:
            return (await self.instance(dag_id, run_id, task_id, map_index),)
        return tuple(known[number] for number in sorted(known))

    async def dependencies(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> tuple[Dependency, ...]:
        if not self.has(Feature.DEPENDENCIES):
            raise self._lacks(Feature.DEPENDENCIES)
        ask = Ask("read why a task instance waits", INSTANCES)
        of = Of(dag_id, run_id, task_id, map_index)
        raw = await self._get(lambda: self._to.read(*path_of(of), "dependencies"), ask, of)
        return tuple(
            Dependency(name=text(one, "name"), reason=text(one, "reason"))
            for one in rows(raw, "dependencies")
        )

    def log(
        self, instance: Instance, try_number: int, *, token: str = ""
    ) -> AbstractAsyncContextManager[LogStream]:
        wanted = accept_of(instance, try_number, continued=bool(token))
        return open_log(
            self,
            self._session,
            instance,
            try_number,
            lambda: self._to.read(
                *path_of(Of(instance.dag_id, instance.run_id, instance.task_id)),
                "logs",
                str(try_number),
                accept=TEXT if wanted == NDJSON else JSON,
                map_index=instance.map_index,
                token=token,
                full_content=False,
            ),
            honest=False,
        )


def path_of(of: Of) -> tuple[str, ...]:
    path = ("dags", of.dag_id, "dagRuns", of.run_id, "taskInstances", of.task_id)
    return path if of.map_index < 0 else (*path, str(of.map_index))


def _is_wanted(run: Run, where: RunFilter) -> bool:
    """What Airflow 2 cannot be asked for."""
    if where.run_types and run.run_type not in where.run_types:
        return False
    after, first, last = run.run_after, where.run_after_gte, where.run_after_lte
    if after is None:
        return True
    return (first is None or after >= first) and (last is None or after <= last)
