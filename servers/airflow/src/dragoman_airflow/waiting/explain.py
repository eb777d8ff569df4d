"""One answer to why nothing is happening, within a number of requests and bytes."""

from datetime import UTC, datetime

from dragoman.answer.budget import Coverage
from dragoman.answer.handover import Handover
from dragoman.answer.text import cost
from dragoman_airflow.errors import DagNotFound
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.fleet import Target
from dragoman_airflow.models import ImportFault, Listing, Run
from dragoman_airflow.visible import VisibleAirflow
from dragoman_airflow.waiting.case import Asking, Case
from dragoman_airflow.waiting.causes import ADVICE, PROGRESSING, RANK, WaitCause
from dragoman_airflow.waiting.queued import dag_waits, idle, queued_waits
from dragoman_airflow.waiting.report import Place, Wait, WaitingReport
from dragoman_airflow.waiting.resting import broken_file, resting_waits
from dragoman_airflow.waiting.running import front, front_waits
from dragoman_airflow.waiting.system import system_waits
from dragoman_airflow.words import listed, since, word

MOST_TOKENS = 1_400
_UNDER_WAY = ("running", "queued")
_NO_RUNS: Listing[Run] = Listing((), None, complete=False)


async def explain(
    target: Target,
    *,
    max_tokens: int = MOST_TOKENS,
    now: datetime | None = None,
) -> WaitingReport:
    """Why the run, or the DAG, does not get on; `now` is for tests.

    Raises DagNotFound and RunNotFound.
    """
    asking = Asking(target.airflow)
    dag = await target.airflow.dag(target.dag_id)
    run = await _run(asking, target)
    health = await asking.tried("health of Airflow's parts", target.airflow.health(), ())
    case = Case(asking, dag, now or datetime.now(UTC), health, run)
    report = WaitingReport(
        headline="",
        instance=target.airflow.name,
        dag=word(dag.dag_id),
        run=word(run.run_id) if run else "",
        state=run.state if run else "",
    )
    waits = [*system_waits(case), *dag_waits(case)]
    if run is None or run.state not in _UNDER_WAY:
        waits += await _not_under_way(case, target)
    elif run.state == "queued":
        waits += await _queued(case, run)
    else:
        waits += await _running(case, target.task_id, report)
    return _finished(report, case, waits, max_tokens)


async def explain_absent(airflow: VisibleAirflow, dag_id: str) -> WaitingReport:
    """Why there may be no such DAG: files that cannot be loaded.

    Raises DagNotFound when no file that the caller may see could be the DAG's.
    """
    now = datetime.now(UTC)
    asking = Asking(airflow)
    nothing: Listing[ImportFault] = Listing((), None, complete=False)
    found = await asking.tried("import errors", airflow.import_errors(), nothing)
    own = [one for one in found.items if _could_hold(one, dag_id)]
    if not own:
        await airflow.need(dag_id)
        raise DagNotFound(f"No DAG {dag_id} on {airflow.name}.")
    names = listed((word(one.filename) for one in own), 3)
    return WaitingReport(
        headline=f"There is no DAG {word(dag_id)} on {airflow.name}: {names} cannot be loaded.",
        instance=airflow.name,
        dag=word(dag_id),
        waits=[broken_file(one, since(one.timestamp, now)) for one in own[:3]],
        not_known=asking.not_known,
        advice=ADVICE[WaitCause.IMPORT_ERROR],
    )


def _could_hold(fault: ImportFault, dag_id: str) -> bool:
    stem = fault.filename.rpartition("/")[2].rpartition(".")[0]
    return stem == dag_id or dag_id in fault.stack_trace or (bool(stem) and stem in dag_id)


async def _run(asking: Asking, target: Target) -> Run | None:
    """The run that is asked about, or the newest that is under way."""
    if target.run_id:
        return await target.airflow.run(target.dag_id, target.run_id)
    asked = target.airflow.runs(target.dag_id, RunFilter(states=_UNDER_WAY), limit=1)
    found = await asking.tried("runs under way", asked, _NO_RUNS)
    return found.items[0] if found.items else None


async def _not_under_way(case: Case, target: Target) -> list[Wait]:
    run = case.run
    if run is not None:
        ended = since(run.end_date, case.now) or "an unknown time"
        return [
            Wait(
                cause=WaitCause.FINISHED,
                what=f"{word(run.run_id)} ended as {run.state}, {ended}: nothing of it waits.",
            )
        ]
    asked = case.airflow.runs(target.dag_id, RunFilter(), limit=1)
    found = await case.asking.tried("the last run", asked, _NO_RUNS)
    last = found.items[0] if found.items else None
    if last:
        ended = since(last.end_date, case.now)
        case.ruled_out.append(
            f"runs under way: none; {word(last.run_id)} ended {last.state} {ended}"
        )
    elif found.complete:
        case.ruled_out.append("runs: the DAG has never had one")
    return await resting_waits(case, last)


async def _queued(case: Case, run: Run) -> list[Wait]:
    waits, rivals = await queued_waits(case, run)
    if rivals:
        first = case.of_run(rivals[0])
        behind = await _front(first, "")
        behind.sort(key=lambda wait: RANK[WaitCause(wait.cause)])
        for wait in waits:
            if wait.cause == WaitCause.RUN_LIMIT and behind:
                wait.what += f" {word(rivals[0].run_id)} itself: {behind[0].what}"
                wait.says = behind[0].says
                wait.waits_for += behind[0].waits_for or _places(rivals[0], behind[0])
    return waits


def _places(run: Run, wait: Wait) -> list[Place]:
    return [Place(dag=word(run.dag_id), run=word(run.run_id), task=one) for one in wait.tasks[:2]]


async def _front(case: Case, task_id: str) -> list[Wait]:
    rows = await case.unfinished()
    return await front_waits(case, front(rows.items, await case.graph(), task_id))


async def _running(case: Case, task_id: str, report: WaitingReport) -> list[Wait]:
    rows = await case.unfinished()
    at = front(rows.items, await case.graph(), task_id)
    delivered = rows.delivered if not task_id else len(at.behind) + sum(map(len, at.groups))
    report.coverage = Coverage(
        kept=at.explained, delivered=delivered, claimed=delivered if task_id else rows.claimed
    )
    waits = await front_waits(case, at)
    if at.behind:
        names = listed(dict.fromkeys(word(one.task_id) for one in at.behind), 5)
        case.ruled_out.append(f"{len(at.behind)} more wait for these alone: {names}")
    if not rows.items and rows.complete:
        waits.append(_no_rows(case, task_id))
    elif not at.groups and rows.items:
        waits.append(
            Wait(
                cause=WaitCause.FINISHED,
                what=f"{word(task_id)} and all before it have ended in this run.",
            )
        )
    return waits


def _no_rows(case: Case, task_id: str) -> Wait:
    del task_id
    looked = case.run.last_scheduling_decision if case.run else None
    return Wait(
        cause=WaitCause.ABOUT_TO_START if looked is None else WaitCause.UNKNOWN,
        what="No instance of the run is unfinished: the scheduler has yet to make them, or to end"
        f" the run. It last looked at it {since(looked, case.now) or 'never'}.",
    )


def _finished(
    report: WaitingReport, case: Case, waits: list[Wait], max_tokens: int
) -> WaitingReport:
    if not waits and case.run is not None:
        waits = [idle(case, case.run)]
    waits.sort(key=lambda wait: RANK[WaitCause(wait.cause)])
    report.waits = waits
    report.ruled_out = list(dict.fromkeys(case.ruled_out))
    report.not_known = case.asking.not_known
    first = waits[0] if waits else None
    if first:
        report.headline = _headline(report, first)
        report.advice = ADVICE.get(WaitCause(first.cause), "")
        report.next = _next(report, first)
    return _fitted(report, max_tokens)


def _headline(report: WaitingReport, first: Wait) -> str:
    what = f"{report.dag}, run {report.run}" if report.run else report.dag
    cause = WaitCause(first.cause)
    if cause in PROGRESSING:
        state = "has ended" if cause is WaitCause.FINISHED else "gets on"
        return f"{what} {state}: {first.what}"
    if cause is WaitCause.UNKNOWN:
        return f"{what}: {first.what}"
    return f"{what} waits: {first.what}"


def _next(report: WaitingReport, first: Wait) -> Handover | None:
    """Where to look on, ready to be called."""
    base = {"instance": report.instance}
    if first.cause == WaitCause.FINISHED and report.state == "failed":
        arguments = {"dag": report.dag, "run": report.run, **base}
        return Handover(server="airflow", tool="diagnose_run", arguments=arguments)
    if first.cause == WaitCause.DEPENDS_ON_PAST and first.waits_for:
        place = first.waits_for[0]
        arguments = {"dag": place.dag, "run": place.run, **base}
        return Handover(server="airflow", tool="diagnose_run", arguments=arguments)
    if first.cause in {WaitCause.RUN_LIMIT, WaitCause.POOL_FULL} and first.waits_for:
        place = first.waits_for[0]
        arguments = {"dag": place.dag, "run": place.run, **base}
        return Handover(server="airflow", tool="explain_waiting", arguments=arguments)
    return None


def _fitted(report: WaitingReport, max_tokens: int) -> WaitingReport:
    """The report without what does not fit; the first reason always stays."""
    dropped = 0
    while cost(report) > max_tokens and (len(report.waits) > 1 or report.ruled_out):
        if len(report.waits) > 1:
            report.waits = report.waits[:-1]
            dropped += 1
        else:
            report.ruled_out = report.ruled_out[:-1]
        report.left_out = f"{dropped} more reasons" if dropped else "what was ruled out, in part"
    return report
