from datetime import datetime

from dragoman.errors import BadInput
from dragoman_airflow.errors import DagNotFound
from dragoman_airflow.models import Backfill, Dag, Instance, Run
from dragoman_airflow.orders import BackfillSpan, Clear, Mark, Trigger
from dragoman_airflow.visible.reading import Reading


class VisibleAirflow(Reading):
    """One Airflow, as policy and Airflow itself let this caller see and change it."""

    async def need(self, dag_id: str) -> None:
        """Raises DagNotFound unless the DAG is there and may be seen."""
        await self.sight.need(dag_id)

    async def sees(self, dag_id: str) -> bool:
        """Whether the DAG is there and may be seen."""
        try:
            await self.sight.need(dag_id)
        except DagNotFound:
            return False
        return True

    async def may_change(self, dag_id: str) -> bool:
        """Whether policy lets the caller change it. Raises DagNotFound like every other call."""
        return await self.sight.may_change(dag_id)

    async def clear(self, dag_id: str, what: Clear, *, dry_run: bool) -> tuple[Instance, ...]:
        await self.sight.need_change(dag_id)
        return await self.airflow.clear(dag_id, what, dry_run=dry_run)

    async def mark(self, dag_id: str, what: Mark, *, dry_run: bool) -> tuple[Instance, ...]:
        await self.sight.need_change(dag_id)
        return await self.airflow.mark(dag_id, what, dry_run=dry_run)

    async def mark_run(self, dag_id: str, run_id: str, state: str, note: str) -> Run:
        await self.sight.need_change(dag_id)
        return await self.airflow.mark_run(dag_id, run_id, state, note)

    async def note_run(self, dag_id: str, run_id: str, note: str) -> Run:
        await self.sight.need_change(dag_id)
        return await self.airflow.note_run(dag_id, run_id, note)

    async def note_instance(self, instance: Instance, note: str) -> None:
        await self.sight.need_change(instance.dag_id)
        await self.airflow.note_instance(instance, note)

    async def trigger(self, dag_id: str, what: Trigger) -> Run:
        await self.sight.need_change(dag_id)
        return await self.airflow.trigger(dag_id, what)

    async def pause(self, dag_id: str, *, paused: bool) -> Dag:
        await self.sight.need_change(dag_id)
        return await self.airflow.pause(dag_id, paused=paused)

    async def backfill(self, what: BackfillSpan) -> Backfill:
        await self.sight.need_change(what.dag_id)
        made = await self.airflow.backfill(what)
        self.backfill_dags[made.id] = what.dag_id
        return made

    async def backfill_dates(self, what: BackfillSpan) -> tuple[datetime, ...]:
        await self.sight.need_change(what.dag_id)
        return await self.airflow.backfill_dates(what)

    async def cancel_backfill(self, backfill_id: int) -> Backfill:
        """Only one that `backfills` listed, since its id alone says nothing of the DAG."""
        dag_id = self.backfill_dags.get(backfill_id)
        if dag_id is None:
            raise BadInput(f"No backfill {backfill_id} was listed; list the DAG's backfills first.")
        await self.sight.need_change(dag_id)
        return await self.airflow.cancel_backfill(backfill_id)
