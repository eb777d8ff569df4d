"""The two tools that change an Airflow: one plans, one applies what a person approved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue

from dragoman.auth.caller import Caller
from dragoman.elicitation.approvals import Approval
from dragoman.elicitation.plans import Plans
from dragoman.elicitation.question import Question
from dragoman.risk import Risk
from dragoman.tool import Progress, tool
from dragoman_airflow.change import planning
from dragoman_airflow.change.answers import Planned, Report, planned, report
from dragoman_airflow.change.applying import Applying
from dragoman_airflow.change.asked import Asked, Include
from dragoman_airflow.change.planning import Pair
from dragoman_airflow.change.wanted import Kind
from dragoman_airflow.fleet import Airflows


@tool(risk=Risk.READ, policy="airflow.change", minutes_saved=15)
async def plan_change(  # noqa: PLR0913, PLR0917  # an agent's own, of which each kind takes few
    kind: Kind,
    dag: str,
    airflows: Airflows,
    plans: Plans,
    run: str = "",
    tasks: Annotated[tuple[str, ...], Field(description="load or load[3]")] = (),
    state: Literal["", "success", "failed", "skipped"] = "",
    include: tuple[Include, ...] = (),
    conf: Mapping[str, JsonValue] | None = None,
    key: Annotated[str, Field(description="Same key, same run")] = "",
    since: datetime | None = None,
    until: datetime | None = None,
    reprocess: Literal["", "none", "failed", "completed"] = "",
    instance: str = "",
) -> Planned:
    """Previews a change exactly and keeps it as a plan; changes nothing.

    clear without tasks takes the whole run; mark needs state; cancel without run takes the active
    backfill. Have the plan applied with apply_plans.
    """
    at = await airflows.target(dag, run, instance=instance)
    asked = Asked(
        kind=kind,
        tasks=tasks or _of_url(at.task_id, at.map_index),
        state=state,
        include=include,
        conf=dict(conf or {}),
        key=key,
        since=since,
        until=until,
        reprocess=reprocess,
    )
    where = Pair(at.airflow, at.dag_id, at.run_id)
    made = await planning.make(where, asked, plans, airflows.settings.plan_seconds)
    return planned(made.plan, made.content)


async def _question(
    arguments: dict[str, Any], airflows: Airflows, caller: Caller, plans: Plans
) -> Question:
    """Asks about each plan as it stands at this very moment."""
    return await planning.ask(
        arguments["plan_ids"], arguments["reason"], caller.name, airflows, plans
    )


@tool(risk=Risk.WRITE, policy="airflow.change", minutes_saved=10, confirm=_question)
async def apply_plans(
    plan_ids: list[str],
    reason: str,
    airflows: Airflows,
    plans: Plans,
    approval: Approval,
    progress: Progress,
) -> Report:
    """Applies plans of plan_change after a person's yes, and reads back what happened.

    What has changed since is void and comes with its differences. Look before you repeat a plan
    whose outcome is unknown.
    """
    applying = Applying(approval, reason, progress)
    return report(await planning.apply(plan_ids, airflows, plans, applying))


def _of_url(task_id: str, map_index: int | None) -> tuple[str, ...]:
    if not task_id:
        return ()
    return (task_id,) if map_index is None or map_index < 0 else (f"{task_id}[{map_index}]",)
