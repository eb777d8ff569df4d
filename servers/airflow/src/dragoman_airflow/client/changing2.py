"""Airflow 2 by its /api/v1: every change that it can make and preview."""

from datetime import datetime
from typing import NoReturn

from msgspec import UNSET

from dragoman_airflow.api import Feature
from dragoman_airflow.client import rows2
from dragoman_airflow.client.airflow2 import path_of
from dragoman_airflow.client.answers import Ask, Json
from dragoman_airflow.client.around2 import Around2
from dragoman_airflow.client.asking import Of
from dragoman_airflow.client.changes import (
    CLEAR,
    EDIT_INSTANCES,
    EDIT_RUNS,
    Triggering,
    refuse_running,
    refuse_wildcards,
)
from dragoman_airflow.client.tolerant import Raw, rows, text
from dragoman_airflow.client.wire import Request
from dragoman_airflow.errors import InstanceNotFound, Invalid, Unreachable
from dragoman_airflow.filters import InstanceFilter
from dragoman_airflow.models import Backfill, Dag, Instance, Run
from dragoman_airflow.orders import BackfillSpan, Clear, Mark, Trigger

FAILED = ("failed", "upstream_failed")
STATES = ("success", "failed", "skipped")


class Airflow2(Around2, Triggering):
    """An Airflow 2 as one caller sees and changes it.

    It clears and marks whole tasks only, and its answers name tasks without map indexes.
    """

    async def clear(self, dag_id: str, what: Clear, *, dry_run: bool) -> tuple[Instance, ...]:
        refuse_wildcards(self.name, DAG=dag_id, run=what.run_id)
        if not what.pairs:
            raise Invalid(f"A clear in Airflow {self.name} has to name its task instances.")
        of = Of(dag_id, what.run_id)
        await self._refuse_parts(of, what.pairs)
        found = await self._cleared(of, what, dry_run=True)
        if dry_run:
            return found
        refuse_running(self.name, found)
        await self._cleared(of, what, dry_run=False)
        return tuple([await self.instance(*_ids(one), one.map_index) for one in found])

    async def _cleared(self, of: Of, what: Clear, *, dry_run: bool) -> tuple[Instance, ...]:
        content = {
            "dry_run": dry_run,
            "dag_run_id": of.run_id,
            "task_ids": list(dict.fromkeys(task_id for task_id, _ in what.pairs)),
            "only_failed": what.only_failed,
            "include_upstream": what.upstream,
            "include_downstream": what.downstream,
            "reset_dag_runs": what.reset_runs,
        }
        raw = await self._get(
            lambda: self._to.post(
                "dags", of.dag_id, "clearTaskInstances", content=content, repeatable=dry_run
            ),
            CLEAR,
            of,
        )
        if not dry_run:
            return ()
        states = FAILED if what.only_failed else ()
        return await self._named(of, raw, InstanceFilter(states=states))

    async def mark(self, dag_id: str, what: Mark, *, dry_run: bool) -> tuple[Instance, ...]:
        refuse_wildcards(self.name, DAG=dag_id, run=what.run_id, task=what.task_id)
        of = Of(dag_id, what.run_id, what.task_id)
        if what.state not in STATES:
            raise Invalid(f"An instance can be marked {', '.join(STATES)}, not {what.state}.")
        await self._refuse_parts(of, ((what.task_id, what.map_index),), mapped=True)
        found = await self._marked(of, what, dry_run=True)
        if dry_run:
            return found
        await self._marked(of, what, dry_run=False)
        if what.note is not UNSET:
            for one in found:
                if one.task_id == what.task_id:
                    await self.note_instance(one, what.note)
        return tuple([await self.instance(*_ids(one), one.map_index) for one in found])

    async def _marked(self, of: Of, what: Mark, *, dry_run: bool) -> tuple[Instance, ...]:
        content = {
            "dry_run": dry_run,
            "task_id": of.task_id,
            "dag_run_id": of.run_id,
            "include_upstream": what.upstream,
            "include_downstream": what.downstream,
            "include_future": False,
            "include_past": False,
            "new_state": what.state,
        }
        ask = Ask(f"mark a task instance {what.state}", EDIT_INSTANCES)
        raw = await self._get(
            lambda: self._to.post(
                "dags", of.dag_id, "updateTaskInstancesState", content=content, repeatable=dry_run
            ),
            ask,
            of,
        )
        return await self._named(of, raw, InstanceFilter(), not_state=what.state) if dry_run else ()

    async def mark_run(self, dag_id: str, run_id: str, state: str, note: str) -> Run:
        refuse_wildcards(self.name, DAG=dag_id, run=run_id)
        ask = Ask(f"mark a DAG run {state}", EDIT_RUNS, fields={"state": "the state"})
        await self._get(
            lambda: self._to.patch("dags", dag_id, "dagRuns", run_id, content={"state": state}),
            ask,
            Of(dag_id, run_id),
        )
        return await self.note_run(dag_id, run_id, note)

    async def note_run(self, dag_id: str, run_id: str, note: str) -> Run:
        refuse_wildcards(self.name, DAG=dag_id, run=run_id)
        return await self._run_of(
            lambda: self._to.patch(
                "dags", dag_id, "dagRuns", run_id, "setNote", content={"note": note}
            ),
            Ask("write a note on a DAG run", EDIT_RUNS, fields={"note": "the note"}),
            Of(dag_id, run_id),
        )

    async def note_instance(self, instance: Instance, note: str) -> None:
        of = Of(*_ids(instance), instance.map_index)
        refuse_wildcards(self.name, DAG=of.dag_id, run=of.run_id, task=of.task_id)
        ask = Ask("write a note on a task instance", EDIT_INSTANCES, fields={"note": "the note"})
        await self._get(
            lambda: self._to.patch(*path_of(of), "setNote", content={"note": note}), ask, of
        )

    def _trigger_request(self, dag_id: str, what: Trigger) -> Request:
        content = {
            "dag_run_id": what.run_id,
            "conf": dict(what.conf),
            "logical_date": what.logical_date,
            "note": what.note or None,
        }
        return self._to.post("dags", dag_id, "dagRuns", content=content)

    def _run_in(self, raw: Raw) -> Run | None:
        return rows2.run(raw)

    async def pause(self, dag_id: str, *, paused: bool) -> Dag:
        refuse_wildcards(self.name, DAG=dag_id)
        ask = Ask(f"{'pause' if paused else 'unpause'} a DAG", "the right to edit DAGs")
        raw = await self._get(
            lambda: self._to.patch("dags", dag_id, content={"is_paused": paused}, mask="is_paused"),
            ask,
            Of(dag_id),
        )
        return self._whole(rows2.dag(raw), ask)

    async def backfill(self, what: BackfillSpan) -> Backfill:
        self._no_backfills(what)

    async def backfill_dates(self, what: BackfillSpan) -> tuple[datetime, ...]:
        self._no_backfills(what)

    async def cancel_backfill(self, backfill_id: int) -> Backfill:
        self._no_backfills(backfill_id)

    def _no_backfills(self, _what: object) -> NoReturn:
        raise self._lacks(Feature.BACKFILLS, "Its command line makes them.")

    async def _refuse_parts(
        self, of: Of, pairs: tuple[tuple[str, int | None], ...], *, mapped: bool = False
    ) -> None:
        """Airflow 2 takes tasks, not instances; `mapped`: it does not take mapped tasks, either."""
        if any(index is not None and index >= 0 for _, index in pairs):
            raise self._lacks(Feature.ONE_INSTANCE, "It clears the whole task.")
        for task_id, index in pairs:
            where = InstanceFilter(task_id=task_id)
            found = (await self.instances(of.dag_id, of.run_id, where)).items
            if mapped and not found:
                raise InstanceNotFound(f"Run {of.run_id} of DAG {of.dag_id} has no task {task_id}.")
            # The instance -1 of a mapped task is another one than all of them.
            if any(one.map_index >= 0 for one in found) and (mapped or index is not None):
                raise self._lacks(Feature.ONE_INSTANCE, f"{task_id} is mapped.")

    async def _named(
        self, of: Of, raw: Json, where: InstanceFilter, not_state: str = ""
    ) -> tuple[Instance, ...]:
        """The instances that an answer means which names tasks alone."""
        named = [text(one, "task_id") for one in rows(raw, "task_instances")]
        if not named:
            return ()
        listing = await self.instances(of.dag_id, of.run_id, where)
        found = tuple(
            one
            for one in listing.items
            if one.task_id in set(named) and not (not_state and one.state == not_state)
        )
        if not listing.complete or len(found) != len(named):
            raise Unreachable(
                f"Airflow {self.name} named {len(named)} instances, and {len(found)} of them could "
                "be told apart: they change just now. Try again in a minute."
            )
        return found


def _ids(one: Instance) -> tuple[str, str, str]:
    return one.dag_id, one.run_id, one.task_id
