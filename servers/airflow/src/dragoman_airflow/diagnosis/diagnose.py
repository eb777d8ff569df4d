"""One diagnosis from beginning to end, in at most 15 requests."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from dragoman.answer.handover import Handover
from dragoman_airflow.api import Airflow
from dragoman_airflow.diagnosis import absent
from dragoman_airflow.diagnosis.answer import Known, answered, no_runs, of_waiting
from dragoman_airflow.diagnosis.asking import Asking
from dragoman_airflow.diagnosis.case import Case, gather, skipped
from dragoman_airflow.diagnosis.child_run import child_runs
from dragoman_airflow.diagnosis.endings import Ending, deadlocked, marked, removed, timed_out, unmet
from dragoman_airflow.diagnosis.fitting import fitted
from dragoman_airflow.diagnosis.found import Found
from dragoman_airflow.diagnosis.history import Earlier, compare_with_success
from dragoman_airflow.diagnosis.logs_of import Reader
from dragoman_airflow.diagnosis.read_try import read_try
from dragoman_airflow.diagnosis.report import Diagnosis
from dragoman_airflow.diagnosis.rooting import found_roots, of_ending
from dragoman_airflow.errors import DagNotFound
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.models import Instance, Listing, Run
from dragoman_airflow.waiting import WaitingReport

Explain = Callable[[str, str], Awaitable[WaitingReport]]
"""Why a DAG or a run of it waits, by DAG id and run id."""

_RECENT = 25
_STEPS = 5
_UNFINISHED_RUN = frozenset({"queued", "running"})


async def diagnose(
    airflow: Airflow,
    dag_id: str,
    run_id: str = "",
    *,
    reader: Reader = read_try,
    explain: Explain | None = None,
) -> Diagnosis:
    """Why a run failed, or does not get on; without a run the newest that is not a success.

    `explain` says why something waits. Raises DagNotFound and RunNotFound where nothing is known.
    """
    asking = Asking(airflow)
    try:
        dag = await airflow.dag(dag_id)
    except DagNotFound as error:
        return fitted(await absent.missing(asking, dag_id, error))
    chosen = await _chosen(asking, dag_id, run_id)
    if chosen.run is None:
        broken = await absent.broken(asking, dag)
        waiting = await _explained(asking, explain, dag_id, "")
        return fitted(no_runs(asking, dag, broken, waiting))
    if chosen.run.state == "queued":
        waiting = await _explained(asking, explain, dag_id, chosen.run.run_id)
        if waiting is not None:
            return fitted(of_waiting(waiting, chosen.note, asking.not_read))
    case = await gather(asking, dag, chosen.run)
    return fitted(await _diagnosed(asking, case, reader, explain, chosen.note))


@dataclass(frozen=True, slots=True)
class _Chosen:
    run: Run | None
    note: str = ""


async def _chosen(asking: Asking, dag_id: str, run_id: str) -> _Chosen:
    """The run that was named, else the newest that is no success, else the newest."""
    if run_id:
        return _Chosen(await asking.airflow.run(dag_id, run_id))
    listing: Listing[Run] = await asking.airflow.runs(dag_id, RunFilter(), limit=_RECENT)
    if not listing.items:
        return _Chosen(None)
    newest = listing.items[0]
    failed = next((run for run in listing.items if run.state == "failed"), None)
    if newest.state in _UNFINISHED_RUN:
        note = f"the newest run; the last failed one is {failed.run_id}" if failed else ""
        return _Chosen(newest, note)
    if failed is None or failed is newest:
        return _Chosen(newest)
    return _Chosen(failed, f"the last failed run; {newest.run_id} is newer ({newest.state})")


async def _diagnosed(
    asking: Asking, case: Case, reader: Reader, explain: Explain | None, note: str
) -> Diagnosis:
    findings = case.findings
    roots = [*findings.roots] or [*findings.later]
    if case.run.state in _UNFINISHED_RUN and not roots:
        waiting = await _explained(asking, explain, case.run.dag_id, case.run.run_id)
        broken = None if waiting else await absent.broken(asking, case.dag)
        return answered(asking, Known(case, waiting=waiting, broken=broken, note=note))
    found = await found_roots(asking, case, reader, roots)
    ending, skips = await _ending(asking, case, found)
    found = found or await of_ending(asking, reader, ending)
    one = found[0].one if found else None
    earlier: Earlier | None = None
    if one is not None:
        earlier = await compare_with_success(asking, case.run, one, _width(found))
    broken = await absent.broken(asking, case.dag)
    handover = await _elsewhere(asking, found)
    return answered(
        asking,
        Known(
            case,
            found=found,
            ending=ending,
            earlier=earlier,
            broken=broken,
            skipped=skips,
            handover=handover,
            note=note,
        ),
    )


async def _ending(
    asking: Asking, case: Case, found: Sequence[Found]
) -> tuple[Ending | None, tuple[Instance, ...]]:
    """How the run itself ended, where its failed tasks do not tell."""
    run, graph = case.run, case.graph
    if run.state != "failed":
        return None, ()
    if timed_out(run, case.dag.dag_run_timeout, ()) is not None:
        skips = await skipped(asking, run)
        return timed_out(run, case.dag.dag_run_timeout, skips), skips
    if found:
        return None, ()
    ending = (
        marked(run, case.events)
        or deadlocked(graph, run, case.instances)
        or unmet(graph, case.findings.stuck, case.instances)
        or removed(case.instances)
    )
    return ending, ()


async def _elsewhere(asking: Asking, found: Sequence[Found]) -> list[Handover]:
    """Where the failed work itself was done: ids in the logs, else runs that a task started."""
    steps = [step for one in found if one.reading for step in one.reading.handover]
    unique = {(step.server, step.tool, str(step.arguments)): step for step in steps}
    for one in found:
        if one.reading is not None and one.reading.external and not one.reading.handover:
            return [*unique.values(), *await child_runs(asking, one.one)][:_STEPS]
    return list(unique.values())[:_STEPS]


def _width(found: Sequence[Found]) -> int | None:
    return found[0].width if found else None


async def _explained(
    asking: Asking, explain: Explain | None, dag_id: str, run_id: str
) -> WaitingReport | None:
    if explain is None or not asking.has_room("what it waits for", 3):
        return None
    return await asking.tried("what it waits for", explain(dag_id, run_id), None)
