"""Changes of runs and of a DAG itself: trigger, backfill, pause, unpause."""

from collections.abc import Collection
from datetime import datetime

from dragoman_airflow.api import Airflow
from dragoman_airflow.change.backfilling import span_of
from dragoman_airflow.change.cancelling import active_backfill
from dragoman_airflow.change.deed import Deed, sent
from dragoman_airflow.change.forecast import Forecast, counted
from dragoman_airflow.change.observing import Observed
from dragoman_airflow.change.scene import MOST_RUNS
from dragoman_airflow.change.triggering import exists, find_run
from dragoman_airflow.errors import AnswerLost, Conflict
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.models import Run
from dragoman_airflow.orders import Trigger

_ONE_RUN = "1 run"


async def trigger(deed: Deed) -> Observed:
    """One run of that id, whatever happens to the answers.

    Airflow makes one run of an id, and the client sends a trigger again only with the same one; so
    what is left to do here is to look whether the run is there, and whose it is.
    """
    wanted = deed.wanted
    what = Trigger(run_id=wanted.run_id, conf=wanted.conf, note=deed.note.text)
    try:
        return _made(await deed.airflow.trigger(wanted.dag_id, what))
    except (AnswerLost, Conflict):
        run = await find_run(deed.airflow, wanted.dag_id, wanted.run_id)
        if run is None:
            raise
        return _found(run, deed)


def _made(run: Run) -> Observed:
    return Observed(
        complete=True, predicted=_ONE_RUN, observed=f"{_ONE_RUN}: {run.run_id}, {run.state}"
    )


def _found(run: Run, deed: Deed) -> Observed:
    """A run of that id: ours if its note names the plan, else one of an earlier use of the key."""
    ours = deed.note.plan_id in run.note
    words = "Airflow's first answer was lost; the run is there, once" if ours else exists(run)
    said = [words]
    if dict(run.conf) != dict(deed.wanted.conf):
        said.append("its conf is another than this plan's")
    return Observed(
        complete=ours,
        predicted=_ONE_RUN,
        observed=f"{_ONE_RUN}: {run.run_id}, {run.state}",
        said=tuple(said),
    )


async def pause(deed: Deed) -> Observed:
    return await _set_paused(deed, paused=True)


async def unpause(deed: Deed) -> Observed:
    """Unpauses, and waits for the first runs that the scheduler makes of it."""
    forecast, limit = deed.forecast, (await deed.airflow.dag(deed.wanted.dag_id)).max_active_runs
    first = min(len(forecast.dates), limit or 1)
    dates = frozenset(datetime.fromisoformat(date) for date in forecast.dates)
    lost = await sent(deed.airflow.pause(deed.wanted.dag_id, paused=False))

    async def look() -> Observed:
        dag = await deed.airflow.dag(deed.wanted.dag_id)
        made = await _runs_at(deed.airflow, deed.wanted.dag_id, dates)
        return Observed(
            complete=not dag.is_paused and len(made) >= first,
            predicted=f"not paused, {len(dates)} runs made",
            observed=f"{_paused(is_paused=dag.is_paused)}, {len(made)} of them made so far",
        )

    return await deed.read_back(look, lost=lost)


async def _set_paused(deed: Deed, *, paused: bool) -> Observed:
    lost = await sent(deed.airflow.pause(deed.wanted.dag_id, paused=paused))

    async def look() -> Observed:
        dag = await deed.airflow.dag(deed.wanted.dag_id)
        return Observed(
            complete=dag.is_paused is paused,
            predicted=_paused(is_paused=paused),
            observed=_paused(is_paused=dag.is_paused),
        )

    return await deed.read_back(look, lost=lost)


def _paused(*, is_paused: bool) -> str:
    return "paused" if is_paused else "not paused"


async def backfill(deed: Deed) -> Observed:
    """Makes the backfill once: Airflow allows one at a time, so a lost answer is looked up."""
    dates = frozenset(datetime.fromisoformat(date) for date in deed.forecast.dates)
    lost = await sent(deed.airflow.backfill(span_of(deed.wanted)))

    async def look() -> Observed:
        active = await active_backfill(deed.airflow, deed.wanted.dag_id)
        runs = await _runs_at(deed.airflow, deed.wanted.dag_id, dates, of_backfill=True)
        which = f"backfill {active.id}" if active else "no active backfill"
        states = counted(run.state for run in runs)
        return Observed(
            complete=len({run.logical_date for run in runs}) == len(dates),
            predicted=f"{len(dates)} runs",
            observed=f"{which}, {len(runs)} runs ({states})" if runs else f"{which}, no runs",
        )

    return await deed.read_back(look, lost=lost)


async def cancel_backfill(deed: Deed) -> Observed:
    """Cancels the very backfill that was approved."""
    (named,) = deed.forecast.basis
    lost = await sent(deed.airflow.cancel_backfill(int(named.rpartition(" ")[2])))

    async def look() -> Observed:
        return await _ended(deed.airflow, deed.forecast)

    return await deed.read_back(look, lost=lost)


async def _ended(airflow: Airflow, forecast: Forecast) -> Observed:
    active = await active_backfill(airflow, forecast.dag_id)
    runs = [await airflow.run(forecast.dag_id, one.run_id) for one in forecast.runs]
    return Observed(
        complete=active is None and all(run.state == "failed" for run in runs),
        predicted=f"no active backfill, {len(runs)} runs failed",
        observed=f"{'no' if active is None else 'an'} active backfill, "
        f"runs: {counted(run.state for run in runs) or 'none'}",
    )


async def _runs_at(
    airflow: Airflow, dag_id: str, dates: Collection[datetime], *, of_backfill: bool = False
) -> list[Run]:
    if not dates:
        return []
    types = ("backfill",) if of_backfill else ("scheduled",)
    listing = await airflow.runs(dag_id, RunFilter(run_types=types), limit=MOST_RUNS)
    return [run for run in listing.items if run.logical_date in dates]
