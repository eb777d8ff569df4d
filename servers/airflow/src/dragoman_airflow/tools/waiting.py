"""What agents can ask about what does not get on."""

from typing import Annotated

from pydantic import Field

from dragoman.risk import Risk
from dragoman.tool import tool
from dragoman_airflow.errors import AirflowError, DagNotFound
from dragoman_airflow.fleet import Airflows, Reached
from dragoman_airflow.visible import READ
from dragoman_airflow.waiting import WaitingReport, explain, explain_absent


@tool(risk=Risk.READ, policy=READ, minutes_saved=20)
async def explain_waiting(
    dag: Annotated[str, Field(description="Id or URL")],
    airflows: Airflows,
    run: str = "",
    task: str = "",
    instance: str = "",
) -> WaitingReport:
    """Says why nothing is happening: what blocks a run or task first, and what was ruled out.

    Without run: the newest under way, or why there is none. For failures use diagnose_run.
    """
    try:
        target = await airflows.target(dag, run, task, instance=instance)
    except DagNotFound as unknown:
        return await _absent(await airflows.reach(instance), dag, unknown)
    return await explain(target)


async def _absent(reached: Reached, dag: str, unknown: DagNotFound) -> WaitingReport:
    for airflow in reached.airflows:
        try:
            return await explain_absent(airflow, dag)
        except (AirflowError, DagNotFound):
            continue
    raise unknown
