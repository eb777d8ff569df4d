"""The parts of Airflow that have to be alive for anything to happen."""

from collections.abc import Iterator

from dragoman_airflow.models import Component
from dragoman_airflow.waiting.case import Case
from dragoman_airflow.waiting.causes import WaitCause
from dragoman_airflow.waiting.report import Wait
from dragoman_airflow.words import since

HEALTHY = "healthy"


def system_waits(case: Case) -> list[Wait]:
    """What stops everything; what is well is told to the case as ruled out."""
    if not case.health:
        return []
    return list(_waits(case))


def down(case: Case, name: str) -> Component | None:
    """The part, when it is not well."""
    part = case.component(name)
    return part if part and part.status != HEALTHY else None


def told(case: Case, part: Component) -> str:
    beat = since(part.latest_heartbeat, case.now)
    return f"its last sign of life was at {beat}" if beat else "it has given no sign of life"


def _waits(case: Case) -> Iterator[Wait]:
    database = down(case, "database")
    if database:
        yield Wait(
            cause=WaitCause.DATABASE_UNHEALTHY,
            what=f"Airflow's own database is {database.status}; nothing can be scheduled.",
        )
    scheduler = case.component("scheduler")
    if scheduler is None:
        case.asking.not_known.append("whether a scheduler runs: Airflow does not say")
    elif scheduler.status != HEALTHY:
        yield Wait(
            cause=WaitCause.SCHEDULER_DOWN,
            what=f"No scheduler is alive: {told(case, scheduler)}. Nothing starts without one.",
        )
    else:
        case.ruled_out.append(f"scheduler: healthy, {told(case, scheduler)}")
