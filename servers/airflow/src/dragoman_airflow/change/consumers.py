"""Which DAGs may start because tasks run again and renew an asset (dataset)."""

from collections.abc import Collection

from dragoman_airflow.api import Airflow, Feature
from dragoman_airflow.change.forecast import Consumer
from dragoman_airflow.errors import DagNotFound

UNKNOWN = "which DAGs a renewed dataset would start is not known on this Airflow"


async def consumers(
    airflow: Airflow, dag_id: str, tasks: Collection[str] | None
) -> tuple[Consumer, ...]:
    """One step on, by asset and name; `tasks` None means all tasks of the DAG.

    A DAG that the caller may not see is not among them.
    """
    if not airflow.has(Feature.ASSET_CONSUMERS):
        return ()
    listing = await airflow.assets([dag_id])
    found: dict[tuple[str, str], None] = {}
    for asset in listing.items:
        made_here = any(
            dag == dag_id and (tasks is None or task in tasks) for dag, task in asset.producers
        )
        if made_here:
            found.update(((dag, asset.name or asset.uri), None) for dag in asset.scheduled_dags)
    paused = {dag: await _paused(airflow, dag) for dag in sorted({d for d, _ in found})}
    return tuple(sorted(Consumer(dag, asset, paused[dag] is True) for dag, asset in found))


async def _paused(airflow: Airflow, dag_id: str) -> bool | None:
    try:
        return (await airflow.dag(dag_id)).is_paused
    except DagNotFound:
        return None


def unknown(airflow: Airflow) -> tuple[str, ...]:
    """The notice for an Airflow that does not tell."""
    return () if airflow.has(Feature.ASSET_CONSUMERS) else (UNKNOWN,)
