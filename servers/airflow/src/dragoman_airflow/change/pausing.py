"""What pausing stops, and what unpausing sets off."""

from collections.abc import Iterator
from datetime import datetime

from dragoman.errors import BadInput
from dragoman_airflow.api import Airflow, Feature
from dragoman_airflow.change.consumers import consumers, unknown
from dragoman_airflow.change.forecast import Forecast, RunEffect, counted
from dragoman_airflow.change.scene import MOST_RUNS, whole
from dragoman_airflow.change.wanted import Kind, Wanted
from dragoman_airflow.errors import Invalid
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.models import Dag, Run
from dragoman_airflow.orders import BackfillSpan

_ACTIVE = RunFilter(states=("queued", "running"), order_by="run_after")


async def pausing(airflow: Airflow, wanted: Wanted) -> Forecast:
    """Raises BadInput where the DAG is as it is wanted already."""
    dag = await airflow.dag(wanted.dag_id)
    pause = wanted.kind is Kind.PAUSE
    if dag.is_paused is pause:
        raise BadInput(f"{dag.dag_id} is {'paused' if pause else 'not paused'} already.")
    listing = await airflow.runs(dag.dag_id, _ACTIVE, limit=MOST_RUNS)
    if pause:
        return _paused(wanted, listing.items)
    active = whole(listing, f"active runs of {dag.dag_id}")
    dates, known = await _catchup(airflow, dag, wanted.as_of)
    makes_runs = bool(dates or active or dag.next_run_after)
    return Forecast(
        kind=wanted.kind,
        instance=wanted.instance,
        dag_id=wanted.dag_id,
        schedule=dag.timetable_summary,
        dates=tuple(date.isoformat() for date in dates),
        runs=tuple(sorted(RunEffect(one.run_id, one.state, "running") for one in active)),
        consumers=await consumers(airflow, dag.dag_id, None) if makes_runs else (),
        notices=(*_unpaused(dag, dates, wanted.as_of), *known, *unknown(airflow)),
        told=tuple(_next(dag)),
    )


def _paused(wanted: Wanted, active: tuple[Run, ...]) -> Forecast:
    states = counted(run.state for run in active)
    return Forecast(
        kind=wanted.kind,
        instance=wanted.instance,
        dag_id=wanted.dag_id,
        notices=(
            "no new run starts; queued runs wait; tasks that run now go on, but nothing after them",
        ),
        told=(f"its active runs just now: {states or 'none'}",),
    )


async def _catchup(
    airflow: Airflow, dag: Dag, now: datetime
) -> tuple[tuple[datetime, ...], tuple[str, ...]]:
    """The logical dates for which the scheduler would make runs, and what is not known of them.

    The first is Airflow's own next date; the rest are those of a backfill from it until now.
    Without catchup the latest interval alone is made up for, and it moves on by itself.
    """
    first = dag.next_logical_date
    if first is None or dag.next_run_after is None or dag.next_run_after > now:
        return (), ()
    if not dag.catchup:
        return (), ()
    if not airflow.has(Feature.BACKFILLS):
        return (first,), ("how many runs catchup makes is not known on this Airflow: one and more",)
    return await _missed(airflow, dag, first, now), ()


async def _missed(
    airflow: Airflow, dag: Dag, first: datetime, now: datetime
) -> tuple[datetime, ...]:
    until = min(now, dag.end_date) if dag.end_date else now
    span = BackfillSpan(dag_id=dag.dag_id, from_date=first, to_date=until)
    try:
        return await airflow.backfill_dates(span)
    except Invalid:
        # Tasks that depend on the past allow no dry run that leaves existing runs alone.
        again = BackfillSpan(
            dag_id=dag.dag_id, from_date=first, to_date=until, reprocess_behavior="failed"
        )
        return await airflow.backfill_dates(again)


def _next(dag: Dag) -> Iterator[str]:
    if dag.next_run_after is not None:
        yield f"Airflow's next run is due at {dag.next_run_after.isoformat()}"


def _unpaused(dag: Dag, dates: tuple[datetime, ...], now: datetime) -> Iterator[str]:
    at_a_time = f", {dag.max_active_runs} at a time" if dag.max_active_runs else ""
    if not dag.catchup:
        yield "without catchup, the latest interval alone is made up for"
    elif dates:
        yield f"catchup makes a run for each missed interval{at_a_time}"
        yield f"then one more for each interval that passes after {now.isoformat()}"
    else:
        yield "no interval was missed"
