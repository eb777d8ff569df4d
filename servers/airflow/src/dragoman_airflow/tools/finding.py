"""What agents can ask to find DAGs and runs, to watch one, and to see how all Airflows are."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from dragoman.answer.budget import DEFAULT_TOKENS, MaxTokens
from dragoman.risk import Risk
from dragoman.tool import Progress, tool
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.finding.clusters import Clusters, clusters
from dragoman_airflow.finding.dag import DagDetails, Section, details
from dragoman_airflow.finding.dags import Dags, dags
from dragoman_airflow.finding.health import FleetHealth
from dragoman_airflow.finding.health import fleet_health as healths
from dragoman_airflow.finding.people import Approvals, approvals
from dragoman_airflow.finding.runs import Runs, aware, runs
from dragoman_airflow.finding.watching import Watched, watch
from dragoman_airflow.fleet import LATEST, Airflows, Reached
from dragoman_airflow.visible import READ

DagName = Annotated[str, Field(description="Id or URL")]
Limit = Annotated[int, Field(ge=1, le=500)]
Hours = Annotated[float, Field(gt=0, le=720)]
State = Literal["queued", "running", "success", "failed"]


@tool(risk=Risk.READ, policy=READ, minutes_saved=2)
async def find_dags(  # an agent's own, all of them optional
    airflows: Airflows,
    text: Annotated[str, Field(description="Part of an id")] = "",
    tag: str = "",
    paused: bool | None = None,  # noqa: FBT001  # an agent's own
    instance: str = "",
    limit: Limit = 50,
    max_tokens: MaxTokens = DEFAULT_TOKENS,
) -> Dags:
    """Lists DAGs of every Airflow you may see, or of one instance, with schedule and next run."""
    reached = await airflows.reach(instance)
    return await dags(
        reached, text=text, tag=tag, paused=paused, limit=limit, max_tokens=max_tokens
    )


@tool(risk=Risk.READ, policy=READ, minutes_saved=4)
async def get_dag(
    dag: DagName,
    airflows: Airflows,
    sections: tuple[Section, ...] = ("tasks",),
    instance: str = "",
    max_tokens: MaxTokens = DEFAULT_TOKENS,
) -> DagDetails:
    """Gives one DAG: its settings, and the sections asked for."""
    target = await airflows.target(dag, instance=instance)
    return await details(target, sections, max_tokens)


@tool(risk=Risk.READ, policy=READ, minutes_saved=4)
async def find_runs(  # noqa: PLR0913, PLR0917  # an agent's own, all of them optional
    airflows: Airflows,
    dag: DagName = "",
    states: tuple[State, ...] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    instance: str = "",
    limit: Limit = 50,
    max_tokens: MaxTokens = DEFAULT_TOKENS,
) -> Runs:
    """Lists runs, newest first: of one DAG, or of all. Filters are Airflow's own, so it is quick.

    since and until are about the time a run was due.
    """
    where = RunFilter(states=states, run_after_gte=aware(since), run_after_lte=aware(until))
    if not dag:
        reached = await airflows.reach(instance)
        return await runs(reached, "", where, limit=limit, max_tokens=max_tokens)
    target = await airflows.target(dag, instance=instance)
    reached = Reached((target.airflow,))
    return await runs(reached, target.dag_id, where, limit=limit, max_tokens=max_tokens)


@tool(risk=Risk.READ, policy=READ, minutes_saved=5)
async def watch_run(
    dag: DagName,
    airflows: Airflows,
    progress: Progress,
    run: str = LATEST,
    seconds: Annotated[int, Field(ge=1, le=280)] = 60,
    instance: str = "",
) -> Watched:
    """Waits until a run ends or time is up, and says what changed meanwhile."""
    target = await airflows.target(dag, run or LATEST, instance=instance)
    if not target.run_id:
        target = await airflows.target(target.dag_id, LATEST, instance=target.airflow.name)
    return await watch(target, seconds, progress)


@tool(risk=Risk.READ, policy=READ, minutes_saved=10)
async def fleet_health(airflows: Airflows, hours: Hours = 24, instance: str = "") -> FleetHealth:
    """Says how each Airflow is: its parts, broken files, failed and queued runs, full pools."""
    return await healths(await airflows.reach(instance), hours)


@tool(risk=Risk.READ, policy=READ, minutes_saved=20)
async def failure_clusters(
    airflows: Airflows,
    hours: Hours = 24,
    instance: str = "",
    max_tokens: MaxTokens = DEFAULT_TOKENS,
) -> Clusters:
    """Groups failures of many DAGs by error, and names hosts, pools and minutes they share.

    Use it when much fails at once; then diagnose_run for one of a group.
    """
    return await clusters(await airflows.reach(instance), hours, max_tokens)


@tool(risk=Risk.READ, policy=READ, minutes_saved=3)
async def pending_approvals(
    airflows: Airflows,
    dag: DagName = "",
    instance: str = "",
    max_tokens: MaxTokens = DEFAULT_TOKENS,
) -> Approvals:
    """Lists tasks that wait for a person's answer in Airflow itself; nothing here answers them."""
    if not dag:
        return await approvals(await airflows.reach(instance), "", max_tokens)
    target = await airflows.target(dag, instance=instance)
    return await approvals(Reached((target.airflow,)), target.dag_id, max_tokens)
