"""Airflow 3 by its /api/v2: everything that is read."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from dragoman_airflow.api import Feature, LogStream
from dragoman_airflow.client import rows3
from dragoman_airflow.client.answers import Ask
from dragoman_airflow.client.asking import Asking, ListAsk, Of
from dragoman_airflow.client.logs_of import accept_of, open_log
from dragoman_airflow.client.session import Session
from dragoman_airflow.client.tolerant import rows, text, whole
from dragoman_airflow.client.wire import Request
from dragoman_airflow.filters import InstanceFilter, RunFilter
from dragoman_airflow.models import Dag, Dependency, Instance, Listing, Run, Task
from dragoman_airflow.settings import InstanceSetting

if TYPE_CHECKING:
    from dragoman_airflow.client.requests3 import Reads3


DAGS = "the right to read DAGs"
RUNS = "the right to read DAG runs"
INSTANCES = "the right to read task instances"
ASSETS = "the right to read assets"


SINCE = dict.fromkeys(Feature, (3, 0)) | {
    Feature.HUMAN_TASKS: (3, 1),
    Feature.CLEAR_NOTE: (3, 2),
    Feature.PREVENT_RUNNING: (3, 2),
}


class Reading3(Asking):
    """What can be asked of an Airflow 3."""

    since = SINCE

    def __init__(
        self,
        setting: InstanceSetting,
        version: str,
        session: Session,
        page: int,
        reads: "Reads3",
    ) -> None:
        super().__init__(setting, version, session, page)
        self._reads = reads

    def _dag_request(self, dag_id: str) -> Request:
        return self._reads.dag(dag_id)

    def _run_request(self, dag_id: str, run_id: str) -> Request:
        return self._reads.run(dag_id, run_id)

    async def dags(
        self, *, text: str = "", tag: str = "", paused: bool | None = None, limit: int = 1_000
    ) -> Listing[Dag]:
        return await self._list(
            ListAsk("dags", Ask("list DAGs", DAGS), limit=limit),
            lambda size, offset, _: self._reads.dags(text, tag, size, offset, paused=paused),
            rows3.dag,
            lambda dag: dag.dag_id,
        )

    async def dag(self, dag_id: str) -> Dag:
        ask = Ask("read a DAG", DAGS)
        raw = await self._get(lambda: self._reads.dag(dag_id), ask, Of(dag_id))
        return self._whole(rows3.dag(raw), ask)

    async def tasks(self, dag_id: str, version: int | None = None) -> tuple[Task, ...]:
        del version  # Airflow 3.3 answers for the latest version alone
        ask = Ask("read the tasks of a DAG", DAGS)
        raw = await self._get(lambda: self._reads.tasks(dag_id), ask, Of(dag_id))
        return tuple(self._whole(rows3.task(one), ask) for one in rows(raw, "tasks"))

    async def runs(
        self, dag_id: str, where: RunFilter | None = None, *, limit: int = 1_000
    ) -> Listing[Run]:
        asked = where or RunFilter()
        ask = Ask("list DAG runs", RUNS, fields={"state": "states", "order_by": "order_by"})

        async def count() -> int:
            raw = await self._get(
                lambda: self._reads.runs(dag_id, asked, 1, 0, None), ask, Of(dag_id)
            )
            return whole(raw, "total_entries") or 0

        return await self._list(
            ListAsk("dag_runs", ask, Of(dag_id), limit, by_cursor=True),
            lambda size, offset, cursor: self._reads.runs(dag_id, asked, size, offset, cursor),
            rows3.run,
            lambda run: (run.dag_id, run.run_id),
            count,
        )

    async def run(self, dag_id: str, run_id: str) -> Run:
        ask = Ask("read a DAG run", RUNS)
        raw = await self._get(lambda: self._reads.run(dag_id, run_id), ask, Of(dag_id, run_id))
        return self._whole(rows3.run(raw), ask)

    async def instances(
        self,
        dag_id: str,
        run_id: str,
        where: InstanceFilter | None = None,
        *,
        limit: int = 10_000,
    ) -> Listing[Instance]:
        asked = where or InstanceFilter()
        ask = Ask("list task instances", INSTANCES, fields={"state": "states"})
        return await self._list(
            ListAsk("task_instances", ask, Of(dag_id, run_id), limit, by_cursor=True),
            lambda size, offset, cursor: self._reads.instances(
                (dag_id, run_id), asked, size, offset, cursor
            ),
            rows3.instance,
            lambda one: (one.dag_id, one.run_id, one.task_id, one.map_index),
            lambda: self.count(dag_id, run_id, asked),
        )

    async def count(self, dag_id: str, run_id: str, where: InstanceFilter | None = None) -> int:
        asked = where or InstanceFilter()
        ask = Ask("count task instances", INSTANCES)
        raw = await self._get(
            lambda: self._reads.instances((dag_id, run_id), asked, 1, 0, None),
            ask,
            Of(dag_id, run_id),
        )
        return whole(raw, "total_entries") or 0

    async def instance(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> Instance:
        ask = Ask("read a task instance", INSTANCES)
        of = Of(dag_id, run_id, task_id, map_index)
        raw = await self._get(
            lambda: self._reads.instance(dag_id, run_id, task_id, map_index), ask, of
        )
        return self._whole(rows3.instance(raw), ask)

    async def tries(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> tuple[Instance, ...]:
        ask = Ask("read the tries of a task instance", INSTANCES)
        of = Of(dag_id, run_id, task_id, map_index)
        raw = await self._get(
            lambda: self._reads.tries(dag_id, run_id, task_id, map_index), ask, of
        )
        found = [rows3.instance(one) for one in rows(raw, "task_instances")]
        return tuple(
            sorted((one for one in found if one is not None), key=lambda one: one.try_number)
        )

    async def dependencies(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> tuple[Dependency, ...]:
        ask = Ask("read why a task instance waits", INSTANCES)
        of = Of(dag_id, run_id, task_id, map_index)
        raw = await self._get(
            lambda: self._reads.dependencies(dag_id, run_id, task_id, map_index), ask, of
        )
        return tuple(
            Dependency(name=text(one, "name"), reason=text(one, "reason"))
            for one in rows(raw, "dependencies")
        )

    def log(
        self, instance: Instance, try_number: int, *, token: str = ""
    ) -> AbstractAsyncContextManager[LogStream]:
        of = (instance.dag_id, instance.run_id, instance.task_id)
        accept = accept_of(instance, try_number, continued=bool(token))
        return open_log(
            self,
            self._session,
            instance,
            try_number,
            lambda: self._reads.log(of, instance.map_index, try_number, token, accept),
        )
