"""What to do next: never a re-run of what would fail again as it is."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from dragoman.answer.handover import Handover
from dragoman_airflow.diagnosis.case import Case
from dragoman_airflow.diagnosis.causes import RunCause
from dragoman_airflow.diagnosis.endings import Ending
from dragoman_airflow.diagnosis.found import Found
from dragoman_airflow.diagnosis.roots import RETRYING
from dragoman_airflow.models import Dag, Run

Step = tuple[str, Handover | None]
_NOTHING: Step = ("", None)
_ENDINGS = {
    RunCause.RUN_TIMEOUT: "find out why it took so long, or raise dagrun_timeout",
    RunCause.DEADLOCK: "compare the DAG's tasks and trigger rules with this run's",
    RunCause.TASK_REMOVED: "compare the DAG's tasks with this run's",
    RunCause.RULE_UNMET: "mend the trigger rule, or what skipped the tasks above it",
    RunCause.NOT_EXPANDED: "see what the task above returned, which is mapped over",
    RunCause.MARKED_FAILED: "ask who set it to failed before it runs again",
}


def next_step(instance: str, case: Case, found: Sequence[Found], ending: Ending | None) -> Step:
    """Advice in words, and the call for it where there is one."""
    if found and case.has_failed:
        return _after_failure(instance, case, found)
    if ending is not None:
        return _ENDINGS.get(ending.cause, ""), None
    if case.run.state in {"queued", "running"}:
        where = _where(instance, case.run)
        return "ask what it waits for", _call("explain_waiting", where)
    return _NOTHING


def _after_failure(instance: str, case: Case, found: Sequence[Found]) -> Step:
    if any(one.one.state in RETRYING for one in found):
        return "Airflow will try it again by itself", None
    newer = _newer_version(case.dag, case.run)
    if all(_may_pass(one) for one in found):
        why = "the cause may have passed: clear exactly what failed"
    elif newer:
        why = f"the DAG is at version {newer} by now: if that mends it, clear what failed"
    elif any(one.reading is not None and one.reading.external for one in found):
        return "find the cause where the job ran and mend it before anything runs again", None
    else:
        return "mend the cause first; as it is, the same failure is to be expected again", None
    tasks: list[JsonValue] = [name for one in found for name in _pairs(one)]
    where = _where(instance, case.run)
    return why, _call("plan_change", {"kind": "clear", **where, "tasks": tasks})


def _may_pass(found: Found) -> bool:
    """Whether no instance that was read failed of something that stays."""
    stays = any(one.tells and not one.passing for one in found.readings.values())
    own = found.reading is not None and found.reading.tells and not found.reading.passing
    return found.verdict.rerun_may_help and (own or not stays)


def _where(instance: str, run: Run) -> dict[str, JsonValue]:
    return {"dag": run.dag_id, "run": run.run_id, "instance": instance}


def _pairs(found: Found) -> list[str]:
    return [
        one.task_id if one.map_index < 0 else f"{one.task_id}[{one.map_index}]"
        for one in found.root.instances
    ]


def _newer_version(dag: Dag, run: Run) -> int | None:
    if dag.version is None or not run.versions:
        return None
    latest = dag.version.version_number
    return latest if latest > run.versions[-1].version_number else None


def _call(tool: str, arguments: Mapping[str, JsonValue]) -> Handover:
    return Handover(server="airflow", tool=tool, arguments=arguments)
