"""Airflow 3 by its /api/v2: every change."""

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from dragoman_airflow.api import Feature
from dragoman_airflow.client import rows3
from dragoman_airflow.client.answers import Ask, NotThere
from dragoman_airflow.client.around3 import Around3
from dragoman_airflow.client.asking import Build, Of
from dragoman_airflow.client.changes import (
    CLEAR,
    EDIT_INSTANCES,
    EDIT_RUNS,
    Triggering,
    refuse_running,
    refuse_wildcards,
)
from dragoman_airflow.client.session import Session
from dragoman_airflow.client.tolerant import Raw, instant, rows
from dragoman_airflow.client.wire import Request
from dragoman_airflow.errors import Invalid
from dragoman_airflow.models import Backfill, Dag, Instance, Run
from dragoman_airflow.orders import BackfillSpan, Clear, Mark, Trigger
from dragoman_airflow.settings import InstanceSetting

if TYPE_CHECKING:
    from dragoman_airflow.client.requests3 import Reads3
    from dragoman_airflow.client.writes3 import Writes3

EDIT_BACKFILLS = "the right to edit backfills"


class Airflow3(Around3, Triggering):
    """An Airflow 3 as one caller sees and changes it."""

    def __init__(
        self,
        setting: InstanceSetting,
        version: str,
        session: Session,
        page: int,
        requests: "tuple[Reads3, Writes3]",
    ) -> None:
        super().__init__(setting, version, session, page, requests[0])
        self._writes = requests[1]

    async def clear(self, dag_id: str, what: Clear, *, dry_run: bool) -> tuple[Instance, ...]:
        refuse_wildcards(self.name, DAG=dag_id, run=what.run_id)
        if not what.pairs:
            raise Invalid(f"A clear in Airflow {self.name} has to name its task instances.")
        if not (dry_run or self.has(Feature.PREVENT_RUNNING)):
            refuse_running(self.name, await self.clear(dag_id, what, dry_run=True))
        noted = what.note is UNSET or self.has(Feature.CLEAR_NOTE)
        sent = what if noted else msgspec.structs.replace(what, note=UNSET)
        strict = self.has(Feature.PREVENT_RUNNING)
        cleared = await self._instances_of(
            lambda: self._writes.clear(dag_id, sent, dry_run=dry_run, strict=strict),
            CLEAR,
            Of(dag_id, what.run_id),
        )
        if what.note is not UNSET and not (noted or dry_run):
            for one in cleared:
                await self.note_instance(one, what.note)
        return cleared

    async def mark(self, dag_id: str, what: Mark, *, dry_run: bool) -> tuple[Instance, ...]:
        refuse_wildcards(self.name, DAG=dag_id, run=what.run_id, task=what.task_id)
        ask = Ask(
            f"mark a task instance {what.state}",
            EDIT_INSTANCES,
            conflict="It has that state already; nothing was changed.",
            fields={"note": "the note", "new_state": "the state"},
        )
        index = -1 if what.map_index is None else what.map_index
        return await self._instances_of(
            lambda: self._writes.mark(dag_id, what, dry_run=dry_run),
            ask,
            Of(dag_id, what.run_id, what.task_id, index),
        )

    async def mark_run(self, dag_id: str, run_id: str, state: str, note: str) -> Run:
        refuse_wildcards(self.name, DAG=dag_id, run=run_id)
        return await self._patch_run(dag_id, run_id, state, note, f"mark a DAG run {state}")

    async def note_run(self, dag_id: str, run_id: str, note: str) -> Run:
        refuse_wildcards(self.name, DAG=dag_id, run=run_id)
        return await self._patch_run(dag_id, run_id, "", note, "write a note on a DAG run")

    async def note_instance(self, instance: Instance, note: str) -> None:
        of = Of(instance.dag_id, instance.run_id, instance.task_id, instance.map_index)
        refuse_wildcards(self.name, DAG=of.dag_id, run=of.run_id, task=of.task_id)
        ask = Ask("write a note on a task instance", EDIT_INSTANCES, fields={"note": "the note"})
        await self._get(lambda: self._writes.note_instance(instance, note), ask, of)

    def _trigger_request(self, dag_id: str, what: Trigger) -> Request:
        return self._writes.trigger(dag_id, what)

    def _run_in(self, raw: Raw) -> Run | None:
        return rows3.run(raw)

    async def pause(self, dag_id: str, *, paused: bool) -> Dag:
        refuse_wildcards(self.name, DAG=dag_id)
        ask = Ask(f"{'pause' if paused else 'unpause'} a DAG", "the right to edit DAGs")
        raw = await self._get(lambda: self._writes.pause(dag_id, paused=paused), ask, Of(dag_id))
        return self._whole(rows3.dag(raw), ask)

    async def backfill(self, what: BackfillSpan) -> Backfill:
        refuse_wildcards(self.name, DAG=what.dag_id)
        ask = Ask(
            "start a backfill",
            EDIT_BACKFILLS,
            conflict="A DAG has one backfill at a time, and this one has one; nothing was made.",
            fields={"from_date": "from_date", "to_date": "to_date", "max_active_runs": "runs"},
            hint="The DAG needs a schedule, and dates that lie behind its start.",
        )
        raw = await self._get(
            lambda: self._writes.backfill(what, dry_run=False), ask, Of(what.dag_id)
        )
        return self._whole(rows3.backfill(raw), ask)

    async def backfill_dates(self, what: BackfillSpan) -> tuple[datetime, ...]:
        refuse_wildcards(self.name, DAG=what.dag_id)
        ask = Ask(
            "preview a backfill",
            EDIT_BACKFILLS,
            fields={"from_date": "from_date", "to_date": "to_date", "max_active_runs": "runs"},
            hint="The DAG needs a schedule, and dates that lie behind its start.",
        )
        raw = await self._get(
            lambda: self._writes.backfill(what, dry_run=True), ask, Of(what.dag_id)
        )
        dates = (instant(one.get("logical_date")) for one in rows(raw, "backfills"))
        return tuple(date for date in dates if date is not None)

    async def cancel_backfill(self, backfill_id: int) -> Backfill:
        ask = Ask("cancel a backfill", EDIT_BACKFILLS, conflict="It is completed already.")
        try:
            raw = await self._session.get(
                self._built(lambda: self._writes.cancel_backfill(backfill_id), ask), ask
            )
        except NotThere:
            raise Invalid(f"Airflow {self.name} has no backfill {backfill_id}.") from None
        return self._whole(rows3.backfill(raw), ask)

    async def _patch_run(self, dag_id: str, run_id: str, state: str, note: str, doing: str) -> Run:
        ask = Ask(doing, EDIT_RUNS, fields={"note": "the note", "state": "the state"})
        return await self._run_of(
            lambda: self._writes.patch_run(dag_id, run_id, state, note), ask, Of(dag_id, run_id)
        )

    async def _instances_of(self, build: Build, ask: Ask, of: Of) -> tuple[Instance, ...]:
        raw = await self._get(build, ask, of)
        return tuple(self._whole(rows3.instance(one), ask) for one in rows(raw, "task_instances"))
