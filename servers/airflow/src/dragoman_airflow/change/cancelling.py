"""What ending a run, or a backfill, would stop."""

from collections.abc import Iterable, Iterator

from dragoman.errors import BadInput
from dragoman_airflow.api import Airflow, Feature
from dragoman_airflow.change.forecast import Effect, Forecast, RunEffect
from dragoman_airflow.change.scene import FINISHED_RUNS, MOST_RUNS, Scene, effect, scene, whole
from dragoman_airflow.change.wanted import Wanted
from dragoman_airflow.errors import NotOnThisAirflow
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.graph import TaskGraph
from dragoman_airflow.models import UNFINISHED, Backfill, Run

# Airflow sets these to failed and everything else that is unfinished to skipped.
_AT_WORK = frozenset({"running", "deferred", "up_for_reschedule", "awaiting_input"})


async def cancelling(airflow: Airflow, wanted: Wanted) -> Forecast:
    """A run by its id, or the DAG's active backfill where no run is named."""
    if wanted.run_id:
        return await _run(airflow, wanted)
    return await _backfill(airflow, wanted)


async def _run(airflow: Airflow, wanted: Wanted) -> Forecast:
    seen = await scene(airflow, wanted)
    if seen.run.state in FINISHED_RUNS:
        raise BadInput(f"Run {wanted.run_id} has ended already: {seen.run.state}.")
    graph = TaskGraph.of(await airflow.tasks(wanted.dag_id, seen.run_version))
    teardowns = [one.task_id for one in _open(seen) if graph.is_teardown(one.task_id)]
    return Forecast(
        kind=wanted.kind,
        instance=wanted.instance,
        dag_id=wanted.dag_id,
        run_id=wanted.run_id,
        run_state=seen.run.state,
        run_becomes="" if teardowns else "failed",
        effects=tuple(sorted(_ended(seen, graph))),
        notices=tuple(_notices(teardowns)),
    )


def _open(seen: Scene) -> list[Effect]:
    return [effect(one, "") for one in seen.instances if one.state in UNFINISHED or not one.state]


def _ended(seen: Scene, graph: TaskGraph) -> Iterator[Effect]:
    """The fate of each instance, as Airflow's code gives it.

    Every instance of a mapped task is failed as soon as one of them is at work, those that had
    succeeded included; teardowns are left to do their work.
    """
    at_work = {
        one.task_id
        for one in seen.instances
        if one.state in _AT_WORK and _counts(one.task_id, graph)
    }
    for one in seen.instances:
        if one.task_id in at_work and one.state != "failed":
            yield effect(one, "failed")
        elif _waits(one.state) and _counts(one.task_id, graph):
            yield effect(one, "skipped")


def _counts(task_id: str, graph: TaskGraph) -> bool:
    return task_id in graph and not graph.is_teardown(task_id)


def _waits(state: str) -> bool:
    return (state in UNFINISHED and state not in _AT_WORK) or not state


def _notices(teardowns: Iterable[str]) -> Iterator[str]:
    names = sorted(set(teardowns))
    if names:
        yield f"teardown {', '.join(names)} still runs, and the run ends after it"


async def _backfill(airflow: Airflow, wanted: Wanted) -> Forecast:
    if not airflow.has(Feature.BACKFILLS):
        raise NotOnThisAirflow("This Airflow has no backfills; name the run to cancel.")
    chosen = await active_backfill(airflow, wanted.dag_id)
    if chosen is None:
        raise BadInput(
            f"{wanted.dag_id} has no active backfill; name `run` to cancel a single run."
        )
    runs = await _runs_of(airflow, chosen)
    going_on = sum(run.state == "running" for run in runs)
    return Forecast(
        kind=wanted.kind,
        instance=wanted.instance,
        dag_id=wanted.dag_id,
        runs=tuple(
            sorted(RunEffect(one.run_id, one.state, "failed") for one in runs if _queued(one))
        ),
        notices=(f"{going_on} of its runs run just now and go on",) if going_on else (),
        basis=(f"backfill {chosen.id}",),
    )


def _queued(run: Run) -> bool:
    return run.state == "queued"


async def active_backfill(airflow: Airflow, dag_id: str) -> Backfill | None:
    """The one that Airflow allows at a time."""
    listing = await airflow.backfills(dag_id)
    return next((one for one in listing.items if one.completed_at is None), None)


async def _runs_of(airflow: Airflow, backfill: Backfill) -> list[Run]:
    where = RunFilter(states=("queued", "running"), run_types=("backfill",))
    listing = await airflow.runs(backfill.dag_id, where, limit=MOST_RUNS)
    runs = whole(listing, f"runs of backfill {backfill.id}")
    return [run for run in runs if _within(run, backfill)]


def _within(run: Run, backfill: Backfill) -> bool:
    date, first, last = run.logical_date, backfill.from_date, backfill.to_date
    return date is None or ((first is None or date >= first) and (last is None or date <= last))
