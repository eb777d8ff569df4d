"""Why a run that was made is not started."""

from collections.abc import Sequence
from datetime import timedelta

from dragoman_airflow.api import Feature
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.models import Backfill, Listing, Run
from dragoman_airflow.waiting.case import Case
from dragoman_airflow.waiting.causes import WaitCause
from dragoman_airflow.waiting.report import Place, Wait
from dragoman_airflow.words import listed, since, word

SHORT = timedelta(seconds=60)
"""So long the scheduler may take for what nothing stops."""

_BACKFILL = "backfill"
_MOST = 100


def dag_waits(case: Case) -> list[Wait]:
    """What stops every run of the DAG, started or not."""
    dag = case.dag
    waits: list[Wait] = []
    if dag.is_stale:
        read = since(dag.last_parsed, case.now) or "an unknown time"
        waits.append(
            Wait(
                cause=WaitCause.DAG_STALE,
                what=f"{word(dag.dag_id)} is no longer in its file (last read {read}), so Airflow"
                " neither makes nor continues runs of it.",
            )
        )
    else:
        case.ruled_out.append("stale: its file still defines the DAG")
    if dag.is_paused:
        waits.append(
            Wait(
                cause=WaitCause.DAG_PAUSED,
                what=f"{word(dag.dag_id)} is paused: no run is made by schedule, and runs there are"
                " do not go on until somebody unpauses it.",
            )
        )
    else:
        case.ruled_out.append("paused: the DAG is not")
    return waits


async def queued_waits(case: Case, run: Run) -> tuple[list[Wait], tuple[Run, ...]]:
    """Why the run is not started, and the runs that keep it from it, oldest first."""
    waits: list[Wait] = []
    if run.run_after and run.run_after > case.now:
        waits.append(
            Wait(
                cause=WaitCause.NOT_DUE,
                what=f"{word(run.run_id)} may not start before {since(run.run_after, case.now)}.",
            )
        )
    most, why, paused = await _limit(case, run)
    waits += paused
    where = RunFilter(states=("running",), order_by="run_after")
    nothing: Listing[Run] = Listing((), None, complete=False)
    asked = case.airflow.runs(case.dag.dag_id, where, limit=_MOST)
    active = await case.asking.tried("running runs", asked, nothing)
    is_backfill = run.run_type == _BACKFILL
    rivals = tuple(one for one in active.items if (one.run_type == _BACKFILL) == is_backfill)
    if most and len(rivals) >= most:
        waits.append(_over_limit(case, why, most, rivals))
        return waits, rivals
    if most and active.complete:
        case.ruled_out.append(f"{why}: {len(rivals)} of {most} runs are running")
    elif most is None:
        case.asking.not_known.append("max_active_runs: Airflow does not say")
    return waits, ()


def idle(case: Case, run: Run) -> Wait:
    """What can be said of a queued run that nothing we know of stops."""
    made = run.queued_at or run.run_after
    if made is not None and case.now - made < SHORT:
        return Wait(
            cause=WaitCause.ABOUT_TO_START,
            what=f"{word(run.run_id)} was queued {since(made, case.now)}; the scheduler starts it"
            " within seconds if nothing else comes between.",
        )
    return Wait(
        cause=WaitCause.UNKNOWN,
        what=f"{word(run.run_id)} has been queued since {since(made, case.now)}, and nothing that"
        " can be asked of Airflow stops it.",
    )


async def _limit(case: Case, run: Run) -> tuple[int | None, str, list[Wait]]:
    """How many runs may be active, what says so, and whether a backfill stands still.

    None when that is not known.
    """
    if run.run_type != _BACKFILL or not case.airflow.has(Feature.BACKFILLS):
        return case.dag.max_active_runs, "max_active_runs", []
    nothing: Listing[Backfill] = Listing((), None, complete=False)
    asked = case.airflow.backfills(case.dag.dag_id)
    backfills = await case.asking.tried("backfills", asked, nothing)
    own = next((one for one in backfills.items if _holds(one, run)), None)
    if own is None:
        return None, "the backfill's max_active_runs", []
    paused = Wait(
        cause=WaitCause.BACKFILL_PAUSED,
        what=f"Backfill {own.id}, which {word(run.run_id)} belongs to, is paused.",
    )
    return own.max_active_runs, f"max_active_runs of backfill {own.id}", [paused] * own.is_paused


def _holds(backfill: Backfill, run: Run) -> bool:
    day = run.logical_date
    return (
        backfill.completed_at is None
        and day is not None
        and (backfill.from_date is None or backfill.from_date <= day)
        and (backfill.to_date is None or day <= backfill.to_date)
    )


def _over_limit(case: Case, why: str, most: int, rivals: Sequence[Run]) -> Wait:
    names = listed((word(one.run_id) for one in rivals), 3)
    return Wait(
        cause=WaitCause.RUN_LIMIT,
        what=f"{why} is {most}, and {len(rivals)} other {_runs(len(rivals))} running: {names}.",
        waits_for=[
            Place(
                dag=word(one.dag_id),
                run=word(one.run_id),
                state=one.state,
                since=since(one.start_date, case.now),
            )
            for one in rivals[:3]
        ],
    )


def _runs(count: int) -> str:
    return "run is" if count == 1 else "runs are"
