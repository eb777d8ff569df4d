"""From what was found to what is said: the headline, what is not to blame, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass

from dragoman.answer.budget import Coverage
from dragoman.answer.handover import Handover
from dragoman_airflow.addresses import Place, page
from dragoman_airflow.diagnosis.absent import Broken
from dragoman_airflow.diagnosis.advice import next_step
from dragoman_airflow.diagnosis.asking import Asking
from dragoman_airflow.diagnosis.case import Case
from dragoman_airflow.diagnosis.causes import RunCause
from dragoman_airflow.diagnosis.changed import Changes
from dragoman_airflow.diagnosis.endings import Ending
from dragoman_airflow.diagnosis.found import Found, told
from dragoman_airflow.diagnosis.history import Earlier
from dragoman_airflow.diagnosis.report import Compared, Diagnosis
from dragoman_airflow.diagnosis.roots import Root
from dragoman_airflow.models import Dag, Instance
from dragoman_airflow.waiting import WaitingReport

_NAMES = 4
_ROOTS = 3


@dataclass(frozen=True)
class Known:
    """All that one diagnosis found out."""

    case: Case
    found: Sequence[Found] = ()
    ending: Ending | None = None
    earlier: Earlier | None = None
    broken: Broken | None = None
    skipped: Sequence[Instance] = ()
    handover: Sequence[Handover] = ()
    waiting: WaitingReport | None = None
    note: str = ""


def answered(asking: Asking, known: Known) -> Diagnosis:
    case = known.case
    if known.waiting is not None and not known.found:
        return of_waiting(known.waiting, known.note, asking.not_read, case)
    advice, step = next_step(asking.airflow.name, case, known.found, known.ending)
    listing = case.listing
    return Diagnosis(
        headline=_headline(known),
        instance=asking.airflow.name,
        dag=case.run.dag_id,
        run=case.run.run_id,
        state=case.run.state,
        cause=_cause(known),
        roots=[told(one) for one in known.found],
        says=list(known.broken.says) if known.broken else [],
        also_failed=[_later(root) for root in _later_roots(known)],
        not_causes=_not_causes(known),
        compared=_compared(known),
        waiting=known.waiting,
        coverage=Coverage(
            kept=listing.delivered, delivered=listing.delivered, claimed=listing.claimed
        ),
        counts=case.counts,
        not_read=[*asking.not_read, *_unread(known.found)],
        advice=advice,
        next=step,
        handover=list(known.handover),
        links=_link(asking, known),
    )


def no_runs(
    asking: Asking, dag: Dag, broken: Broken | None, waiting: WaitingReport | None
) -> Diagnosis:
    """A DAG without a run: its file, or what keeps it from having one."""
    if waiting is not None and broken is None:
        return of_waiting(waiting, "", asking.not_read)
    paused = "; it is paused, so no run is made by schedule" if dag.is_paused else ""
    reason = f": {broken.words}" if broken else paused
    return Diagnosis(
        headline=f"DAG {dag.dag_id} has no run{reason}.",
        instance=asking.airflow.name,
        dag=dag.dag_id,
        cause=(broken.cause if broken else RunCause.WAITING).value,
        says=list(broken.says) if broken else [],
        waiting=waiting,
        not_read=asking.not_read,
        advice="mend the file first" if broken else "",
    )


def of_waiting(
    waiting: WaitingReport, note: str, not_read: list[str], case: Case | None = None
) -> Diagnosis:
    """A run that has not failed: what it waits for is the whole answer."""
    told = f"{waiting.headline} ({note})" if note else waiting.headline
    return Diagnosis(
        headline=told,
        instance=waiting.instance,
        dag=waiting.dag,
        run=waiting.run,
        state=waiting.state,
        cause=waiting.waits[0].cause if waiting.waits else RunCause.WAITING.value,
        waiting=waiting,
        counts=case.counts if case else "",
        not_read=not_read,
    )


def _headline(known: Known) -> str:
    run = f"run {known.case.run.run_id} of {known.case.run.dag_id}"
    note = f" ({known.note})" if known.note else ""
    return f"{_sentence(known, run)}{note}."


def _sentence(known: Known, run: str) -> str:
    state = known.case.run.state
    if known.ending is not None and not known.case.has_failed:
        return f"{run} failed: {known.ending.says}"
    if known.found:
        return f"{_state_words(state, run)} {_blamed(known)}"
    if state == "failed":
        return f"{run} failed, but no failed task and no reason was found in what could be read"
    mind = f"; but DAG {known.case.dag.dag_id}: {known.broken.words}" if known.broken else ""
    if state == "success":
        return f"{run} succeeded and no task of it failed{mind}"
    return f"{run} is {state} and no task of it has failed{mind}"


def _state_words(state: str, run: str) -> str:
    match state:
        case "failed":
            return f"{run} failed because"
        case "success":
            return f"{run} is called a success although"
        case _:
            return f"{run} is {state}, and"


def _blamed(known: Known) -> str:
    told = [f"{one.named} failed ({one.verdict.cause})" for one in known.found[:_ROOTS]]
    more = len(known.found) - _ROOTS
    if more > 0:
        told.append(f"{more} more tasks failed by themselves")
    blamed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    meaning = f": {known.found[0].verdict.meaning}" if len(told) == 1 else ""
    ended = f"; {known.ending.says}" if known.ending is not None else ""
    return f"{blamed}{meaning}{ended}"


def _cause(known: Known) -> str:
    if known.found:
        return known.found[0].verdict.cause
    if known.ending is not None:
        return known.ending.cause.value
    if known.broken is not None:
        return known.broken.cause.value
    if known.case.run.state in {"queued", "running"}:
        return RunCause.WAITING.value
    return RunCause.NOT_IN_LOG.value if known.case.run.state == "failed" else ""


def _later_roots(known: Known) -> Sequence[Root]:
    findings = known.case.findings
    return findings.later if findings.roots else ()


def _later(root: Root) -> str:
    return f"{root.task_id}, which ran in spite of failed {', '.join(root.above[:_NAMES])}"


def _not_causes(known: Known) -> list[str]:
    case = known.case
    told = [words for one in known.found for words in one.verdict.not_causes]
    followers = list(dict.fromkeys(one.task_id for one in case.findings.followers))
    if followers:
        told.append(f"{_names(followers)} never ran: upstream_failed, which only follows")
    if case.findings.stopped:
        names = [root.task_id for root in case.findings.stopped]
        told.append(f"{_names(names)}: stopped by fail_fast, because another task had failed")
    blamed = {one.root.task_id for one in known.found}
    skips = [one.task_id for one in known.skipped if one.task_id not in blamed]
    if skips:
        told.append(f"{_names(skips)}: skipped by the time limit")
    if known.broken and known.found:
        told.append(f"but mind for the next runs: {known.broken.words}")
    return list(dict.fromkeys(told))


def _names(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    more = f" and {len(unique) - _NAMES} more" if len(unique) > _NAMES else ""
    return f"{', '.join(unique[:_NAMES])}{more}"


def _compared(known: Known) -> Compared | None:
    earlier = known.earlier
    if earlier is None or (not known.found and known.ending is None):
        return None
    if earlier.run is None or earlier.instance is None:
        if not earlier.complete:
            return Compared(summary="earlier successes could not be read")
        return Compared(summary="there is no earlier success of this task to compare with")
    changes = earlier.changes
    when = earlier.instance.end_date or earlier.run.end_date
    at = f", {when:%Y-%m-%d %H:%M}" if when else ""
    since = f"since the last success of {earlier.instance.task_id} ({earlier.run.run_id}{at})"
    return Compared(
        with_run=earlier.run.run_id,
        summary=f"{_summary(changes)} {since}",
        changed=list(changes.found),
        same=list(changes.same),
        not_read=list(changes.unread),
        source_diff=changes.diff,
    )


def _summary(changes: Changes) -> str:
    if changes.found:
        return f"{len(changes.found)} differences found"
    if changes.unread:
        return "nothing found in what could be compared"
    return "nothing found that changed"


def _unread(found: Sequence[Found]) -> list[str]:
    return [
        f"{one.named} try {reading.try_number}: {reading.unread}"
        for one in found
        for reading in ([one.reading] if one.reading else [])
        if reading.unread
    ]


def _link(asking: Asking, known: Known) -> list[str]:
    airflow, run = asking.airflow, known.case.run
    if not airflow.address:
        return []
    one = known.found[0].one if known.found else None
    place = Place(
        dag_id=run.dag_id,
        run_id=run.run_id,
        task_id=one.task_id if one else "",
        map_index=one.map_index if one else None,
    )
    return [page(airflow.address, airflow.version, place)]
