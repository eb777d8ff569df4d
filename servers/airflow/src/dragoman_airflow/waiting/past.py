"""An instance that waits for the same task in the run before."""

from dragoman_airflow.filters import InstanceFilter, RunFilter
from dragoman_airflow.models import Instance, Listing, Run
from dragoman_airflow.waiting.case import Case
from dragoman_airflow.waiting.causes import WaitCause
from dragoman_airflow.waiting.pools import holder
from dragoman_airflow.waiting.report import Wait
from dragoman_airflow.words import instance_word, listed, word

_GOOD = frozenset({"success", "skipped"})
_SOME = 10


async def past_wait(case: Case, one: Instance) -> Wait | None:
    """What of the run before is not done; None when nothing there keeps the instance waiting."""
    before = await _before(case)
    if before is None:
        return None
    graph = await case.graph()
    task = graph.tasks.get(one.task_id)
    rows = await _rows(case, one.task_id, before)
    if not rows:
        return Wait(
            cause=WaitCause.DEPENDS_ON_PAST,
            what=f"depends_on_past: {word(one.task_id)} has not run in {word(before.run_id)}, the"
            f" run before ({before.state}).",
            tasks=[instance_word(one)],
        )
    bad = [row for row in rows if row.state not in _GOOD]
    why = "depends_on_past"
    if not bad and task and task.wait_for_downstream:
        why = "wait_for_downstream"
        for below in task.downstream[:3]:
            bad += [r for r in await _rows(case, below, before) if r.state not in _GOOD]
    if not bad:
        return None
    states = listed((f"{instance_word(row)} is {row.state or 'not started'}" for row in bad), 3)
    return Wait(
        cause=WaitCause.DEPENDS_ON_PAST,
        what=f"{why}: in {word(before.run_id)}, the run before ({before.state}), {states};"
        f" {instance_word(one)} starts only after success there.",
        waits_for=[holder(case, row) for row in bad[:3]],
    )


async def _before(case: Case) -> Run | None:
    """The latest run of an earlier logical date."""
    own = case.run
    if own is None or own.logical_date is None:
        return None
    nothing: Listing[Run] = Listing((), None, complete=False)
    where = RunFilter(run_after_lte=own.run_after) if own.run_after else RunFilter()
    asked = case.airflow.runs(case.dag.dag_id, where, limit=50)
    found = await case.asking.tried("the run before", asked, nothing)
    earlier = [
        (one.logical_date, one)
        for one in found.items
        if one.logical_date is not None and one.logical_date < own.logical_date
    ]
    return max(earlier, key=lambda pair: pair[0])[1] if earlier else None


async def _rows(case: Case, task_id: str, before: Run) -> tuple[Instance, ...]:
    where = InstanceFilter(task_id=task_id)
    return (await case.of(where, case.dag.dag_id, before.run_id, _SOME)).items
