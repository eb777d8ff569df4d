"""What agents can ask about runs that failed: why, what is different, and what a log says."""

from typing import Annotated

from pydantic import Field

from dragoman.answer.budget import DEFAULT_TOKENS, MaxTokens
from dragoman.risk import Risk
from dragoman.tool import tool
from dragoman_airflow.diagnosis.absent import find_missing
from dragoman_airflow.diagnosis.comparing import Comparison, compare
from dragoman_airflow.diagnosis.diagnose import diagnose
from dragoman_airflow.diagnosis.log_page import Asked, TaskLogPage, Where, log_page, token_of
from dragoman_airflow.diagnosis.report import Diagnosis
from dragoman_airflow.errors import DagNotFound
from dragoman_airflow.fleet import LATEST, LATEST_FAILED, Airflows, Target
from dragoman_airflow.visible import READ
from dragoman_airflow.waiting import WaitingReport, explain

RunName = Annotated[str, Field(description=f"Id, URL, {LATEST} or {LATEST_FAILED}")]


@tool(risk=Risk.READ, policy=READ, minutes_saved=30)
async def diagnose_run(
    dag: Annotated[str, Field(description="Id or URL")],
    airflows: Airflows,
    run: RunName = "",
    instance: str = "",
) -> Diagnosis:
    """Says why a run failed or does not get on: root tasks, cause, evidence, changes, next step.

    Call it first for any failure; an Airflow URL is enough. Without run: the newest that is no
    success.
    """
    try:
        target = await airflows.target(dag, run, instance=instance)
    except DagNotFound as error:
        return await find_missing(await airflows.reach(instance), dag, error)

    async def waits(dag_id: str, run_id: str) -> WaitingReport:
        return await explain(Target(target.airflow, dag_id, run_id))

    return await diagnose(target.airflow, target.dag_id, target.run_id, explain=waits)


@tool(risk=Risk.READ, policy=READ, minutes_saved=15)
async def compare_runs(
    dag: str,
    run_a: RunName,
    airflows: Airflows,
    run_b: RunName = "",
    max_tokens: MaxTokens = DEFAULT_TOKENS,
    instance: str = "",
) -> Comparison:
    """Compares run_a with run_b or the last success before it: code, conf, inputs, tasks, times."""
    target = await airflows.target(dag, run_a, instance=instance)
    other = await airflows.target(dag, run_b, instance=target.airflow.name) if run_b else None
    run_id = target.run_id or (await airflows.target(dag, LATEST, instance=instance)).run_id
    before = other.run_id if other else ""
    return await compare(target.airflow, target.dag_id, run_id, before, max_tokens)


@tool(risk=Risk.READ, policy=READ, minutes_saved=5)
async def read_task_log(  # noqa: PLR0913, PLR0917  # an agent's own, most of them optional
    dag: str,
    run: RunName,
    task: str,
    airflows: Airflows,
    map_index: int | None = None,
    try_number: Annotated[int | None, Field(description="The latest when not given")] = None,
    around: Where = "errors",
    line: Annotated[int | None, Field(ge=1, description="Around it; from it with start")] = None,
    cursor: Annotated[str, Field(description="From next, of a live task")] = "",
    max_tokens: MaxTokens = DEFAULT_TOKENS,
    instance: str = "",
) -> TaskLogPage:
    """Reads numbered lines of one try's log. `next` reads on, also in a task that still runs."""
    target = await airflows.target(dag, run, task, map_index, instance)
    run_id = target.run_id or (await airflows.target(dag, LATEST, instance=instance)).run_id
    index = -1 if target.map_index is None else target.map_index
    one = await target.airflow.instance(target.dag_id, run_id, target.task_id, index)
    number = try_number or target.try_number or one.try_number
    return await log_page(
        target.airflow, Asked(one, number, around, line, token_of(cursor)), max_tokens
    )
