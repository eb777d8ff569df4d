"""Answers of Airflow without the DAGs that a caller may not see."""

from collections.abc import Set as AbstractSet
from typing import Protocol, TypeVar

from msgspec import structs

from dragoman_airflow.models import Asset, AssetEvent, Listing

T = TypeVar("T")


class OfDag(Protocol):
    @property
    def dag_id(self) -> str: ...


def dag_of(item: OfDag) -> str:
    return item.dag_id


def counted(kept: tuple[T, ...], found: Listing[T]) -> Listing[T]:
    """The items that may be seen; only they are counted, and Airflow's own note is left out."""
    if found.complete:
        return Listing(kept, len(kept), complete=True)
    return Listing(kept, None, complete=False, note="Not read to its end.")


def narrowed_asset(asset: Asset, seen: AbstractSet[str]) -> Asset:
    return structs.replace(
        asset,
        producers=tuple(pair for pair in asset.producers if pair[0] in seen),
        scheduled_dags=tuple(dag for dag in asset.scheduled_dags if dag in seen),
    )


def narrowed_event(event: AssetEvent, seen: AbstractSet[str]) -> AssetEvent:
    """An event of a hidden DAG reads like one that came from outside Airflow."""
    shown = structs.replace(
        event, created_runs=tuple(pair for pair in event.created_runs if pair[0] in seen)
    )
    if event.source_dag_id in seen:
        return shown
    return structs.replace(
        shown, source_dag_id="", source_run_id="", source_task_id="", source_map_index=-1
    )
