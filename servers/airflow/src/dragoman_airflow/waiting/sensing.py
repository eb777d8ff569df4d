"""What a sensor, a deferred task or a person is waited for."""

from collections.abc import Mapping, Sequence

from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.errors import AirflowError, LogNotFound
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.logs.layouts import Level
from dragoman_airflow.logs.task_log import read_window
from dragoman_airflow.logs.windows import Tail
from dragoman_airflow.models import HumanTask, Instance, Listing, Run
from dragoman_airflow.waiting.case import OF_DAG, OF_LOG, OF_RUNS, Case
from dragoman_airflow.waiting.causes import WaitCause
from dragoman_airflow.waiting.report import Place, Wait
from dragoman_airflow.waiting.system import down, told
from dragoman_airflow.words import grouped, instance_word, listed, since, word

_GROUPS = ("::group::", "::endgroup::")
_RUNNERS = frozenset({"", "task", "supervisor", "airflow.task"})
_RUNNING = (
    "airflow.dag_processing.",
    "airflow.models.dagbag",
    "airflow.sdk.execution_time",
    "dagbag.py",
    "local_task_job",
    "standard_task_runner",
    "task_command.py",
    "taskinstance.py",
)
_READ = 30
_LINES = 2
_RUNS = 20


def is_sensor(one: Instance) -> bool:
    """Whether it looks again and again: it was rescheduled, or its operator is called a sensor."""
    return one.state == "up_for_reschedule" or "sensor" in one.operator.lower()


async def sensor_wait(case: Case, group: Sequence[Instance]) -> Wait:
    """A condition outside of Airflow, or a run of another DAG, that is not there yet."""
    one = group[0]
    begun = since(one.start_date, case.now)
    how = "looks again from time to time" if one.state == "up_for_reschedule" else "keeps looking"
    wait = Wait(
        cause=WaitCause.SENSOR_WAITING,
        what=f"{listed(grouped(group), 3)} waits for a condition and {how}"
        + (f"; latest look began {begun}." if begun else "."),
        says=await _last_words(case, one),
    )
    other = _other_dag(one.rendered_fields)
    if other:
        wait.what += f" It asks for DAG {word(other)}."
        wait.waits_for = await _other_runs(case, other, one.rendered_fields)
    return wait


async def deferred_wait(case: Case, group: Sequence[Instance]) -> Wait:
    """A trigger that has not fired, or that nobody looks at."""
    one = group[0]
    person = await human_wait(case, group)
    if person:
        return person
    triggerer = down(case, "triggerer")
    if triggerer or (case.health and case.component("triggerer") is None):
        state = told(case, triggerer) if triggerer else "Airflow tells of none"
        return Wait(
            cause=WaitCause.TRIGGERER_DOWN,
            what=f"{listed(grouped(group), 3)} is deferred, and no triggerer is alive: {state}."
            " Its trigger cannot fire.",
        )
    begun = since(one.start_date, case.now) or "an unknown time"
    kind = str((one.trigger or {}).get("classpath", "")).rpartition(".")[2]
    trigger = f"trigger {word(kind)}" if kind else "its trigger"
    wait = Wait(
        cause=WaitCause.DEFERRED,
        what=f"{listed(grouped(group), 3)} is deferred since {begun}: {trigger} has not fired.",
    )
    what = str((one.trigger or {}).get("kwargs", ""))
    wait.says = [Untrusted(what[:300])] if what not in {"", "{}", "None"} else []
    if one.trigger is not None and one.triggerer_job is None:
        wait.what += " No triggerer has taken it yet."
    other = _other_dag(one.rendered_fields)
    if other:
        wait.waits_for = await _other_runs(case, other, one.rendered_fields)
    return wait


async def human_wait(case: Case, group: Sequence[Instance]) -> Wait | None:
    """The person that is asked, when one is."""
    keys = {(one.task_id, one.map_index) for one in group}
    people = await case.people()
    asked = [one for one in people.items if one.instance.key in keys]
    if not asked:
        return None
    users = listed((word(name) for name in asked[0].assigned_users), 3)
    return Wait(
        cause=WaitCause.HUMAN_APPROVAL,
        what=f"{listed(grouped(group), 3)} waits for a person's answer in Airflow"
        + (f", from {users}." if users else "."),
        says=[_question(one) for one in asked[:2]],
    )


def _question(asked: HumanTask) -> Untrusted:
    options = f" [{', '.join(asked.options)}]" if asked.options else ""
    return Untrusted(f"{asked.subject[:300]}{options}")


async def _last_words(case: Case, one: Instance) -> list[Untrusted]:
    """The task's own latest lines, which often name what it looks for."""
    try_number = max(one.try_number, 1)
    if case.asking.left < OF_LOG:
        case.asking.not_known.append(f"the log of {instance_word(one)}: no request was left")
        return []
    try:
        async with case.airflow.log(one, try_number) as stream:
            window = await read_window(stream, Tail(_READ))
    except (AirflowError, LogNotFound) as error:
        case.asking.not_known.append(f"the log of {instance_word(one)}: {error}")
        return []
    lines = [line for line in window.lines if line.text and not line.text.startswith(_GROUPS)]
    own = [line for line in lines if not _is_airflows(line.logger)]
    own = [line for line in own if line.level is not Level.WARNING] or own
    latest = list(dict.fromkeys(line.text for line in own))[-_LINES:]
    return [Untrusted(text[:300]) for text in latest]


def _is_airflows(logger: str) -> bool:
    return logger in _RUNNERS or logger.startswith(_RUNNING)


def _other_dag(fields: Mapping[str, object]) -> str:
    """The DAG that an operator of Airflow's own asks for or started, if it says so."""
    for name in ("external_dag_id", "trigger_dag_id"):
        value = fields.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


async def _other_runs(case: Case, dag_id: str, fields: Mapping[str, object]) -> list[Place]:
    """The run of the other DAG for the same date, else its newest; none when it is not seen."""
    task = fields.get("external_task_id")
    task_id = word(task) if isinstance(task, str) and task else ""
    asking, sees = case.asking, case.airflow.sees(dag_id)
    if not await asking.tried("the other DAG", sees, instead=False, needs=OF_DAG):
        return [Place(dag=word(dag_id), task=task_id, state="no such DAG, or not yours to see")]
    nothing: Listing[Run] = Listing((), None, complete=False)
    asked = case.airflow.runs(dag_id, RunFilter(), limit=_RUNS)
    found = await asking.tried("runs of the other DAG", asked, nothing, needs=OF_RUNS)
    day = case.run.logical_date if case.run else None
    same = next((one for one in found.items if day and one.logical_date == day), None)
    if same is None:
        newest = found.items[0] if found.items else None
        of_day = "no run of the same logical date"
        state = f"{of_day} among its latest {found.delivered}" if found.items else "no run yet"
        if newest:
            state += f"; newest is {word(newest.run_id)}, {newest.state}"
        return [Place(dag=word(dag_id), task=task_id, state=state)]
    return [
        Place(
            dag=word(dag_id),
            run=word(same.run_id),
            task=task_id,
            state=f"run is {same.state}",
            since=since(same.start_date or same.queued_at, case.now),
        )
    ]
