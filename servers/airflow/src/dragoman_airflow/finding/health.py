"""How the Airflows are, as far as it concerns what the caller may see."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel, Field

from dragoman.answer.budget import Coverage
from dragoman_airflow.api import ANY
from dragoman_airflow.errors import AirflowError
from dragoman_airflow.filters import InstanceFilter, RunFilter
from dragoman_airflow.finding.over import gather
from dragoman_airflow.fleet import Reached
from dragoman_airflow.models import Listing, Pool, Run
from dragoman_airflow.visible import VisibleAirflow
from dragoman_airflow.words import instance_word, listed, since, word

T = TypeVar("T")
_FAILED, _QUEUED, _FILES, _NEARLY = 100, 200, 5, 0.9


class Count(BaseModel):
    """Some of a kind, named as far as there is room."""

    coverage: Coverage
    named: list[str] = Field(default_factory=list[str])


class Health(BaseModel):
    """One Airflow; lists count only what the caller may see, pools are Airflow's own numbers."""

    instance: str
    version: str
    components: list[str] = Field(description="Scheduler, triggerer, DAG processor, database")
    unhealthy: list[str] = Field(default_factory=list[str])
    import_errors: Count | None = None
    failed_runs: Count | None = Field(default=None, description="By DAG, since then")
    oldest_queued_run: str = ""
    oldest_queued_task: str = ""
    full_pools: list[str] = Field(default_factory=list[str], description="9 of 10 slots taken")
    not_read: list[str] = Field(default_factory=list[str])


class FleetHealth(BaseModel):
    since: str
    airflows: list[Health]
    not_answered: list[str] = Field(default_factory=list[str], description="Airflows, and why")
    next: str = ""


async def fleet_health(reached: Reached, hours: float) -> FleetHealth:
    """Each Airflow in six requests or a few more; one that does not answer is named."""
    now = datetime.now(UTC)
    begun = now - timedelta(hours=hours)

    async def ask(airflow: VisibleAirflow) -> Health:
        return await _health(airflow, begun, now)

    found = await gather(reached, ask)
    return FleetHealth(
        since=since(begun, now),
        airflows=[health for _, health in found.answers],
        not_answered=list(found.failed),
        next=_next([health for _, health in found.answers]),
    )


async def _health(airflow: VisibleAirflow, begun: datetime, now: datetime) -> Health:
    parts = await airflow.health()
    told = Health(instance=airflow.name, version=airflow.version, components=[])
    for part in parts:
        beat = since(part.latest_heartbeat, now)
        line = f"{part.name}: {part.status or 'none runs'}" + (
            f", last sign {beat}" if beat else ""
        )
        told.components.append(line)
        if part.status not in {"healthy", ""}:
            told.unhealthy.append(line)
    for read in (_errors, _failed, _queued, _pools):
        try:
            await read(told, airflow, begun, now)
        except AirflowError as wrong:
            told.not_read.append(f"{read.__name__.strip('_')}: {wrong}")
    return told


async def _errors(told: Health, airflow: VisibleAirflow, begun: datetime, now: datetime) -> None:
    del begun, now
    found = await airflow.import_errors()
    files = [word(one.filename) for one in found.items[:_FILES]]
    told.import_errors = Count(coverage=_coverage(found, len(files)), named=files)


async def _failed(told: Health, airflow: VisibleAirflow, begun: datetime, now: datetime) -> None:
    where = RunFilter(states=("failed",), end_date_gte=begun, order_by="-end_date")
    found = await airflow.runs(ANY, where, limit=_FAILED)
    by_dag: dict[str, list[Run]] = {}
    for run in found.items:
        by_dag.setdefault(run.dag_id, []).append(run)
    named = [
        f"{word(dag)}: {len(runs)}, latest {word(runs[0].run_id)} {since(runs[0].end_date, now)}"
        for dag, runs in sorted(by_dag.items(), key=lambda pair: -len(pair[1]))[:_FILES]
    ]
    told.failed_runs = Count(coverage=_coverage(found, found.delivered), named=named)


async def _queued(told: Health, airflow: VisibleAirflow, begun: datetime, now: datetime) -> None:
    del begun
    where = RunFilter(states=("queued",), order_by="run_after")
    runs = await airflow.runs(ANY, where, limit=1)
    for run in runs.items:
        at = since(run.queued_at or run.run_after, now)
        told.oldest_queued_run = f"{word(run.dag_id)} / {word(run.run_id)}, {at}"
    tasks = await airflow.instances(ANY, ANY, InstanceFilter(states=("queued",)), limit=_QUEUED)
    oldest = min(tasks.items, key=lambda one: one.queued_when or now, default=None)
    if oldest:
        at = since(oldest.queued_when, now)
        path = f"{word(oldest.dag_id)} / {word(oldest.run_id)} / {instance_word(oldest)}"
        told.oldest_queued_task = f"{path}, {at}"
    if not tasks.complete:
        told.not_read.append(f"queued tasks: only {tasks.delivered} were looked at")


async def _pools(told: Health, airflow: VisibleAirflow, begun: datetime, now: datetime) -> None:
    del begun, now
    found = await airflow.pools()
    full = [pool for pool in found.items if _taken(pool) >= _NEARLY]
    told.full_pools = [
        f"{word(pool.name)}: {pool.open_slots} of {pool.slots} slots open" for pool in full
    ]
    if not found.complete:
        told.not_read.append(f"pools: {found.note or 'not all'}")


def _taken(pool: Pool) -> float:
    return 0.0 if pool.slots <= 0 else 1 - pool.open_slots / pool.slots


def _coverage(found: Listing[T], kept: int) -> Coverage:
    return Coverage(kept=kept, delivered=found.delivered, claimed=found.claimed)


def _next(airflows: list[Health]) -> str:
    failed = [
        health.instance for health in airflows if health.failed_runs and health.failed_runs.named
    ]
    return f"failure_clusters groups what failed on {listed(failed)}." if failed else ""
