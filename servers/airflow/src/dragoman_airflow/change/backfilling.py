"""Which runs a backfill would make, and which it would run again."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from dragoman.errors import BadInput
from dragoman_airflow.api import Airflow, Feature
from dragoman_airflow.change.cancelling import active_backfill
from dragoman_airflow.change.consumers import consumers, unknown
from dragoman_airflow.change.forecast import Forecast, RunEffect, counted
from dragoman_airflow.change.scene import MOST_RUNS
from dragoman_airflow.change.triggering import conf_problems
from dragoman_airflow.change.wanted import Wanted
from dragoman_airflow.errors import Conflict, NotOnThisAirflow
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.models import Dag, Run
from dragoman_airflow.orders import BackfillSpan

REPROCESS = ("none", "failed", "completed")


async def backfilling(airflow: Airflow, wanted: Wanted) -> Forecast:
    """Raises Conflict while another backfill of the DAG is active."""
    if not airflow.has(Feature.BACKFILLS):
        raise NotOnThisAirflow("This Airflow cannot backfill over its API; trigger runs instead.")
    span = span_of(wanted)
    dag = await airflow.dag(wanted.dag_id)
    active = await active_backfill(airflow, wanted.dag_id)
    if active is not None:
        raise Conflict(
            f"Backfill {active.id} of {wanted.dag_id} is active, and Airflow allows one at a time. "
            "Wait for it, or plan kind=cancel without a run."
        )
    if problems := tuple(conf_problems(wanted.conf, dag.params)):
        raise BadInput(f"conf does not fit {dag.dag_id}: {'; '.join(problems)}.")
    dates = await airflow.backfill_dates(span)
    if not dates:
        raise BadInput(
            f"There is nothing to backfill from {span.from_date.isoformat()} to "
            f"{span.to_date.isoformat()} with reprocess={span.reprocess_behavior}."
        )
    again = await _existing(airflow, wanted, frozenset(dates))
    return Forecast(
        kind=wanted.kind,
        instance=wanted.instance,
        dag_id=wanted.dag_id,
        dates=tuple(date.isoformat() for date in sorted(dates)),
        runs=tuple(sorted(RunEffect(run.run_id, run.state, "queued") for run in again)),
        consumers=await consumers(airflow, wanted.dag_id, None),
        code=_code(wanted, dag),
        notices=(*_notices(dag, span, again), *unknown(airflow)),
        basis=tuple(sorted(f"{one.run_id} queued {one.queued_at}" for one in again)),
    )


def span_of(wanted: Wanted) -> BackfillSpan:
    if wanted.since is None or wanted.until is None:
        raise BadInput("A backfill needs `since` and `until`: the first and the last logical date.")
    if wanted.since > wanted.until:
        raise BadInput("`since` is after `until`; swap them.")
    if wanted.reprocess not in REPROCESS:
        raise BadInput(f"reprocess must be one of {', '.join(REPROCESS)}.")
    return BackfillSpan(
        dag_id=wanted.dag_id,
        from_date=wanted.since,
        to_date=wanted.until,
        reprocess_behavior=wanted.reprocess,
        conf=wanted.conf,
        latest_version=True if wanted.latest_version is None else wanted.latest_version,
    )


async def _existing(airflow: Airflow, wanted: Wanted, dates: frozenset[datetime]) -> list[Run]:
    """The runs there are at those dates, which would be cleared whole."""
    if wanted.reprocess == "none":
        return []
    where = RunFilter(states=("success", "failed"))
    listing = await airflow.runs(wanted.dag_id, where, limit=MOST_RUNS)
    if not listing.complete:
        raise BadInput(
            f"Only {listing.delivered:,} runs of {wanted.dag_id} could be read, so which would run "
            "again cannot be told. Use reprocess=none, or backfill in Airflow itself."
        )
    return [run for run in listing.items if run.logical_date in dates]


def _code(wanted: Wanted, dag: Dag) -> str:
    number = dag.version.version_number if dag.version else None
    if wanted.latest_version is False:
        return "new runs the latest version, existing ones their own"
    return f"the latest version {number}" if number is not None else "the latest version"


def _notices(dag: Dag, span: BackfillSpan, again: Iterable[Run]) -> Iterator[str]:
    states = counted(run.state for run in again)
    if states:
        yield f"existing runs are cleared whole and run again: {states}"
    yield f"at most {span.max_active_runs} of its runs at a time"
    if dag.is_paused:
        yield "the DAG is paused: the runs stay queued until somebody unpauses it"
