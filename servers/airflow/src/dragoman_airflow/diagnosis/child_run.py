"""The run of another DAG that a task started and waited for, if it is the one that failed."""

from collections.abc import Sequence

from dragoman.answer.handover import Handover
from dragoman_airflow.addresses import place_of
from dragoman_airflow.diagnosis.asking import OF_DAG, Asking
from dragoman_airflow.errors import DagNotFound, UnknownInstance
from dragoman_airflow.models import Instance
from dragoman_airflow.settings import InstanceSetting

_LINKS = 1


async def child_runs(asking: Asking, one: Instance) -> list[Handover]:
    """Diagnoses of the runs that the instance's extra links lead to, on the same Airflow.

    A DAG that the caller may not see is not named.
    """
    if not asking.has_room("extra links", _LINKS + OF_DAG):
        return []
    none: dict[str, str] = {}
    links = await asking.tried("extra links", asking.airflow.links(one), none)
    found: list[Handover] = []
    for dag_id, run_id in _runs(asking, list(links.values()), one):
        try:
            await asking.airflow.dag(dag_id)
        except DagNotFound:
            continue
        arguments = {"dag": dag_id, "run": run_id, "instance": asking.airflow.name}
        found.append(Handover(server="airflow", tool="diagnose_run", arguments=arguments))
    return found[:1]


def _runs(asking: Asking, links: Sequence[str], one: Instance) -> list[tuple[str, str]]:
    airflow = asking.airflow
    if not airflow.address:
        return []
    own = InstanceSetting(name="own", url=airflow.address)
    runs: list[tuple[str, str]] = []
    for link in links:
        address = f"{airflow.address}{link}" if link.startswith("/") else link
        try:
            _, place = place_of(address, [own])
        except UnknownInstance:
            continue
        if (
            place.dag_id
            and place.run_id
            and (place.dag_id, place.run_id) != (one.dag_id, one.run_id)
        ):
            runs.append((place.dag_id, place.run_id))
    return runs[:1]
