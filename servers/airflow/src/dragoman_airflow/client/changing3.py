"""Airflow 3 by its /api/v2: every change."""

from datetime import datetime
from typing import TYPE_CHECKING

import anyio

from dragoman_airflow.client import rows3
from dragoman_airflow.client.answers import Ask, NotThere
from dragoman_airflow.client.around3 import Around3
from dragoman_airflow.client.asking import Build, Of
from dragoman_airflow.client.changes import is_same_run, refuse_wildcards
from dragoman_airflow.client.session import Session
from dragoman_airflow.client.tolerant import instant, rows
from dragoman_airflow.errors import AnswerLost, Conflict, Invalid, RunNotFound
from dragoman_airflow.models import Backfill, BackfillSpan, Clear, Dag, Instance, Mark, Run, Trigger
from dragoman_airflow.settings import InstanceSetting

if TYPE_CHECKING:
    from dragoman_airflow.client.requests3 import Reads3
    from dragoman_airflow.client.writes3 import Writes3

SENDINGS = 3
"""A trigger whose answer was lost is sent so often; its run id keeps it one run."""
PAUSE = 0.5
"""Seconds between these, in which the lost one may still be carried out."""

EDIT_INSTANCES = "the right to edit task instances"
EDIT_RUNS = "the right to edit DAG runs"
EDIT_BACKFILLS = "the right to edit backfills"


class Airflow3(Around3):
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
        ask = Ask(
            "clear task instances",
            EDIT_INSTANCES,
            conflict="One of them runs just now; nothing was cleared.",
            fields={"note": "the note", "task_ids": "the tasks", "dag_run_id": "the run"},
        )
        return await self._instances_of(
            lambda: self._writes.clear(dag_id, what, dry_run=dry_run, prevent_running=True),
            ask,
            Of(dag_id, what.run_id),
        )

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

    async def trigger(self, dag_id: str, what: Trigger) -> Run:
        refuse_wildcards(self.name, DAG=dag_id, run=what.run_id)
        ask = Ask(
            "trigger a DAG",
            "the right to create DAG runs",
            fields={"dag_run_id": "the run id", "conf": "conf", "note": "the note"},
            hint="A run id has letters, digits and -_.~:+ alone, conf has to fit the DAG's params, "
            "and the DAG needs to parse and to allow manual runs.",
        )
        lost: AnswerLost | None = None
        for _ in range(SENDINGS):
            try:
                return await self._run_of(
                    lambda: self._writes.trigger(dag_id, what), ask, Of(dag_id)
                )
            except AnswerLost as error:
                lost = error
                await anyio.sleep(PAUSE)
            except Conflict:
                return await self._existing(dag_id, what, was_lost=lost is not None)
        found = await self._made(dag_id, what)
        if found is None and lost:
            raise lost
        return self._whole(found, ask)

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

    async def _existing(self, dag_id: str, what: Trigger, *, was_lost: bool) -> Run:
        """The run in the way, if a sending of ours whose answer was lost made it."""
        try:
            run = await self.run(dag_id, what.run_id)
        except RunNotFound:
            raise Conflict(
                f"DAG {dag_id} has a run for logical date {what.logical_date} already; nothing "
                "was made. find_runs shows it; another logical date, or none, makes another run."
            ) from None
        if was_lost and is_same_run(run, what):
            return run
        raise Conflict(
            f"Run {run.run_id} of DAG {dag_id} exists already and is {run.state or 'new'}; nothing "
            "was made. watch_run follows it; another run id makes another run."
        )

    async def _made(self, dag_id: str, what: Trigger) -> Run | None:
        try:
            run = await self.run(dag_id, what.run_id)
        except RunNotFound:
            return None
        return run if is_same_run(run, what) else None

    async def _patch_run(self, dag_id: str, run_id: str, state: str, note: str, doing: str) -> Run:
        ask = Ask(doing, EDIT_RUNS, fields={"note": "the note", "state": "the state"})
        return await self._run_of(
            lambda: self._writes.patch_run(dag_id, run_id, state, note), ask, Of(dag_id, run_id)
        )

    async def _run_of(self, build: Build, ask: Ask, of: Of) -> Run:
        return self._whole(rows3.run(await self._get(build, ask, of)), ask)

    async def _instances_of(self, build: Build, ask: Ask, of: Of) -> tuple[Instance, ...]:
        raw = await self._get(build, ask, of)
        return tuple(self._whole(rows3.instance(one), ask) for one in rows(raw, "task_instances"))
