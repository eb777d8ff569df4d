"""Why a DAG has no run that is under way."""

from collections.abc import Sequence
from datetime import datetime

from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.models import Asset, AssetEvent, ImportFault, Listing, Run
from dragoman_airflow.waiting.case import Case
from dragoman_airflow.waiting.causes import WaitCause
from dragoman_airflow.waiting.report import Place, Wait
from dragoman_airflow.waiting.system import down, told
from dragoman_airflow.words import listed, since, word, words

_PRODUCERS = 3


async def resting_waits(case: Case, last: Run | None) -> list[Wait]:
    """What has to happen before there is another run."""
    waits = await _file(case)
    processor = down(case, "processor")
    if processor:
        waits.append(
            Wait(
                cause=WaitCause.PROCESSOR_DOWN,
                what=f"No DAG processor is alive: {told(case, processor)}. Changed and new DAG"
                " files are not read.",
            )
        )
    dag = case.dag
    if dag.asset_expression:
        waits.append(await _assets(case, last))
    elif dag.next_run_after is not None:
        waits.append(_next(case))
    elif dag.timetable_summary in {"", "None", "Never, external triggers only"}:
        waits.append(
            Wait(
                cause=WaitCause.NO_SCHEDULE,
                what=f"{word(dag.dag_id)} has no schedule: it runs only when it is triggered.",
            )
        )
    else:
        waits.append(_no_next(case))
    return waits


def broken_file(fault: ImportFault, tried: str) -> Wait:
    """A file that cannot be loaded, with the last line of what Python said."""
    lines = [line for line in fault.stack_trace.splitlines() if line.strip()]
    return Wait(
        cause=WaitCause.IMPORT_ERROR,
        what=f"{word(fault.filename)} cannot be loaded, so its DAGs are absent or as they were"
        f" before (last tried {tried or 'at a time not told'}).",
        says=[Untrusted("\n".join(lines[-4:])[:600])] if lines else [],
    )


async def _file(case: Case) -> list[Wait]:
    dag = case.dag
    if not (dag.has_import_errors or dag.is_stale):
        case.ruled_out.append("import error: none of its file")
        return []
    nothing: Listing[ImportFault] = Listing((), None, complete=False)
    found = await case.asking.tried("import errors", case.airflow.import_errors(), nothing)
    own = [one for one in found.items if one.filename and dag.fileloc.endswith(one.filename)]
    return [broken_file(one, since(one.timestamp, case.now)) for one in own[:2]]


def _next(case: Case) -> Wait:
    dag, due = case.dag, case.dag.next_run_after
    if due is not None and due > case.now:
        begins = dag.start_date
        early = begins is not None and begins > case.now
        return Wait(
            cause=WaitCause.NOT_DUE if early else WaitCause.NEXT_RUN,
            what=f"The next run is due {since(due, case.now)} (schedule {_schedule(case)})."
            + (f" The DAG's start_date is {since(begins, case.now)}." if early else ""),
        )
    late = "while the DAG is paused" if dag.is_paused else "and the scheduler has not made it"
    return Wait(
        cause=WaitCause.NEXT_RUN if dag.is_paused else WaitCause.UNKNOWN,
        what=f"A run was due {since(due, case.now)}, {late}.",
    )


def _no_next(case: Case) -> Wait:
    dag = case.dag
    if dag.end_date and dag.end_date < case.now:
        ended = f"its end_date was {since(dag.end_date, case.now)}"
    elif dag.start_date and dag.start_date > case.now:
        ended = f"its start_date is {since(dag.start_date, case.now)}"
    else:
        ended = "Airflow has planned no further one"
    return Wait(
        cause=WaitCause.NOT_DUE,
        what=f"No next run is planned for schedule {_schedule(case)}: {ended}.",
    )


def _schedule(case: Case) -> str:
    return f"'{words(case.dag.timetable_summary)}'"


async def _assets(case: Case, last: Run | None) -> Wait:
    """Which of the assets it waits for have had no update since the last run was made."""
    dag = case.dag
    nothing: Listing[Asset] = Listing((), None, complete=False)
    asked = case.airflow.assets([dag.dag_id])
    assets = await case.asking.tried("assets", asked, nothing)
    inputs = [one for one in assets.items if dag.dag_id in one.scheduled_dags]
    newest = await _newest(case, inputs)
    begun = (last.queued_at or last.run_after or last.start_date) if last else None
    missing = [
        one for one in inputs if (at := newest.get(one.name)) is None or (begun and at <= begun)
    ]
    names = listed((word(one.name or one.uri) for one in missing or inputs), 5)
    after = f" since its last run, {since(begun, case.now)}" if begun else ""
    outside = " Updates from outside of Airflow are not known." if missing else ""
    return Wait(
        cause=WaitCause.ASSET_MISSING,
        what=f"{word(dag.dag_id)} starts when its assets are updated. No update is known{after}"
        f" of: {names}.{outside}"
        if missing
        else f"{word(dag.dag_id)} starts when its assets are updated: {names or 'not known'}.",
        waits_for=[
            Place(
                dag=word(producer),
                task=word(task),
                state=f"makes {word(one.name or one.uri)}",
                since=since(newest.get(one.name), case.now),
            )
            for one in missing
            for producer, task in one.producers
        ][:5],
    )


async def _newest(case: Case, inputs: Sequence[Asset]) -> dict[str, datetime]:
    """The latest update of each asset by the DAGs that make them, as far as they may be seen."""
    producers = list(dict.fromkeys(dag for one in inputs for dag, _ in one.producers))
    newest: dict[str, datetime] = {}
    nothing: Listing[AssetEvent] = Listing((), None, complete=False)
    for producer in producers[:_PRODUCERS]:
        asked = case.airflow.asset_events(source_dag_id=producer)
        found = await case.asking.tried(f"updates by {word(producer)}", asked, nothing)
        for event in found.items:
            if event.timestamp is not None:
                newest[event.name] = max(newest.get(event.name, event.timestamp), event.timestamp)
    if len(producers) > _PRODUCERS:
        case.asking.not_known.append(f"updates by {len(producers) - _PRODUCERS} more DAGs")
    return newest
