"""The scheduler's reasons not to start an instance, each as a sentence with what it waits for.

Names and meanings: Airflow's `ti_deps`, which `/dependencies` evaluates. An Airflow without it is
asked for the same facts one by one.
"""

from collections.abc import Sequence

from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.api import ANY, Feature
from dragoman_airflow.filters import InstanceFilter
from dragoman_airflow.models import Dependency, Instance, Run
from dragoman_airflow.waiting.case import Case
from dragoman_airflow.waiting.causes import WaitCause
from dragoman_airflow.waiting.past import past_wait
from dragoman_airflow.waiting.pools import holder, pool_wait
from dragoman_airflow.waiting.report import Wait
from dragoman_airflow.words import instance_word, since, word, words

POOL = "Pool Slots Available"
DAG_SLOTS = "Task Instance Slots Available"
TASK_SLOTS = "Task Concurrency"
PAST = "Previous Dagrun State"
DATE = "Logical Date"
_SAID_ELSEWHERE = frozenset({"Dag Not Paused", "Task Instance State", "Task Instance Not Running"})
"""Of the DAG, or of the instance's own state: true of everything that has not started."""

_ACTIVE = ("running", "queued", "restarting")
_HOLDERS = 5


async def rule_waits(case: Case, one: Instance) -> list[Wait]:
    """Every reason there is; empty when none is known."""
    if case.airflow.has(Feature.DEPENDENCIES):
        reasons = await case.reasons(one)
    else:
        reasons = await _inferred(case, one)
    waits: list[Wait] = []
    for reason in reasons:
        if reason.name in _SAID_ELSEWHERE:
            continue
        wait = await _wait(case, one, reason)
        wait.tasks = wait.tasks or [instance_word(one)]
        if reason.reason and not wait.airflow_says:
            wait.airflow_says = [Untrusted(reason.reason)]
        waits.append(wait)
    return waits


async def _wait(case: Case, one: Instance, reason: Dependency) -> Wait:
    found: Wait | None = None
    if reason.name == POOL:
        found = await pool_wait(case, one)
    elif reason.name == DAG_SLOTS:
        found = await _slots(case, InstanceFilter(states=_ACTIVE, order_by="start_date"))
    elif reason.name == TASK_SLOTS:
        where = InstanceFilter(task_id=one.task_id, states=_ACTIVE, order_by="start_date")
        found = await _slots(case, where)
    elif reason.name == PAST:
        found = await past_wait(case, one)
    elif reason.name == DATE and case.run:
        found = _date(case, case.run)
    return found or _unexplained(reason)


def _unexplained(reason: Dependency) -> Wait:
    """A rule that is known by name alone, or whose facts could not be read."""
    known = {
        POOL: (WaitCause.POOL_FULL, "The task's pool has no room for it."),
        DAG_SLOTS: (WaitCause.TASK_LIMIT, "As many tasks of the DAG run as may at once."),
        TASK_SLOTS: (WaitCause.TASK_LIMIT, "As many instances of the task run as may at once."),
        PAST: (WaitCause.DEPENDS_ON_PAST, "depends_on_past: the run before is not done."),
        DATE: (WaitCause.NOT_DUE, "The run's logical date does not let the task start."),
    }
    if reason.name in known:
        cause, what = known[reason.name]
        return Wait(cause=cause, what=what)
    name = words(reason.name)
    return Wait(cause=WaitCause.OTHER_RULE, what=f"The scheduler's rule '{name}' is not met.")


async def _slots(case: Case, where: InstanceFilter) -> Wait | None:
    """The limit on instances of the DAG, or of one task, with those that count."""
    found = await case.of(where, case.dag.dag_id, ANY, _HOLDERS)
    if not found.items:
        return None
    limit = case.dag.max_active_tasks
    of_task = f"instances of {word(where.task_id)}" if where.task_id else "tasks of the DAG"
    told = f" (max_active_tasks is {limit})" if limit and not where.task_id else ""
    return Wait(
        cause=WaitCause.TASK_LIMIT,
        what=f"As many {of_task} are active as may be at once{told}.",
        waits_for=[holder(case, one) for one in found.items],
    )


def _date(case: Case, run: Run) -> Wait | None:
    """Which end of its time the run is beyond."""
    day, dag = run.logical_date, case.dag
    if day is None:
        return None
    if day > case.now:
        what = f"the logical date {since(day, case.now)} is in the future"
    elif dag.start_date and day < dag.start_date:
        what = f"the logical date is before the DAG's start_date {since(dag.start_date, case.now)}"
    elif dag.end_date and day > dag.end_date:
        what = f"the logical date is after the DAG's end_date {since(dag.end_date, case.now)}"
    else:
        return None
    return Wait(cause=WaitCause.NOT_DUE, what=f"{word(run.run_id)} is not due: {what}.")


async def _inferred(case: Case, one: Instance) -> Sequence[Dependency]:
    """Which rules are not met, from what Airflow 2 tells."""
    found: list[Dependency] = []
    if await pool_wait(case, one):
        found.append(Dependency(name=POOL))
    task = (await case.graph()).tasks.get(one.task_id)
    if task and task.depends_on_past and await past_wait(case, one):
        found.append(Dependency(name=PAST))
    if case.run and _date(case, case.run):
        found.append(Dependency(name=DATE))
    limit = case.dag.max_active_tasks
    if limit and not found:
        where = InstanceFilter(states=_ACTIVE)
        active = await case.of(where, case.dag.dag_id, ANY, limit)
        if active.delivered >= limit:
            found.append(Dependency(name=DAG_SLOTS))
    if not found:
        case.asking.not_known.append(
            "limits of single tasks (max_active_tis_per_dag) and trigger rules: this Airflow does"
            " not tell why an instance is not started"
        )
    return found
