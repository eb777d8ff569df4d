"""The last success of a task, and what can be known of it."""

from dataclasses import dataclass, replace

from dragoman_airflow.api import Feature
from dragoman_airflow.diagnosis.asking import Asking
from dragoman_airflow.diagnosis.changed import Changes, Side, changes
from dragoman_airflow.errors import AirflowError
from dragoman_airflow.filters import InstanceFilter
from dragoman_airflow.models import AssetEvent, Instance, Listing, Run

_SUCCESSES = 10
_ANY_RUN = "~"
_ASSET_RUN = "asset_triggered"
_DATASET_RUN = "dataset_triggered"


@dataclass(frozen=True, slots=True)
class Earlier:
    """The last success of the task before this run; none is known where `run` is None."""

    changes: Changes
    run: Run | None = None
    instance: Instance | None = None
    complete: bool = True


async def compare_with_success(
    asking: Asking, run: Run, one: Instance, width: int | None = None
) -> Earlier | None:
    """What changed since the task's last success, in one to seven requests; None if unknown.

    `width` is how many instances the mapped task has now, where that is known.
    """
    if not asking.has_room("earlier successes", 2):
        return None
    good = await _successes(asking, run, one, one.map_index if one.map_index >= 0 else None)
    if good is not None and not good and one.map_index >= 0 and asking.has_room("successes", 3):
        # An index that is new has no success of its own; the task may have.
        good = await _successes(asking, run, one, None)
    if not good:
        return Earlier(Changes(), complete=good is not None)
    last = good[0]
    try:
        before = await asking.airflow.run(run.dag_id, last.run_id)
    except AirflowError as error:
        asking.not_read.append(f"run {last.run_id}: {error}")
        return None
    durations = [item.duration for item in good if item.duration is not None]
    old, now = await _sides(asking, Side(before, last), Side(run, one, width))
    return Earlier(changes(old, now, durations), before, last)


async def _successes(
    asking: Asking, run: Run, one: Instance, map_index: int | None
) -> list[Instance] | None:
    """The last successes in other runs before this instance started, newest first."""
    where = InstanceFilter(
        states=("success",),
        task_id=one.task_id,
        map_index=map_index,
        start_date_lte=one.start_date or run.start_date or run.run_after,
        order_by="-start_date",
    )
    none: Listing[Instance] | None = None
    asked = asking.airflow.instances(run.dag_id, _ANY_RUN, where, limit=_SUCCESSES)
    found = await asking.tried("earlier successes", asked, none)
    if found is None:
        return None
    return [it for it in found.items if it.run_id != run.run_id and it.state == "success"]


async def _sides(asking: Asking, before: Side, now: Side) -> tuple[Side, Side]:
    before, now = await with_sources(asking, before, now)
    instance = now.instance
    if instance is not None and instance.map_index >= 0 and asking.has_room("mapped width", 2):
        before = replace(before, width=await mapped_width(asking, before.run, instance))
        if now.width is None:
            now = replace(now, width=await mapped_width(asking, now.run, instance))
    return await with_inputs(asking, before, now)


async def with_inputs(asking: Asking, before: Side, now: Side) -> tuple[Side, Side]:
    """Both with the assets that started them, where an asset started one."""
    kinds = {before.run.run_type, now.run.run_type}
    if kinds & {_ASSET_RUN, _DATASET_RUN} and asking.has_room("input assets", 2):
        before = replace(before, assets=await _assets(asking, before.run))
        now = replace(now, assets=await _assets(asking, now.run))
    return before, now


async def with_sources(asking: Asking, before: Side, now: Side) -> tuple[Side, Side]:
    """Both with their source, when the versions differ and Airflow keeps them."""
    if before.version == now.version or not asking.airflow.has(Feature.VERSIONS):
        return before, now
    if not asking.has_room("source of both versions", 2):
        return before, now
    return (
        replace(before, source=await _source(asking, before)),
        replace(now, source=await _source(asking, now)),
    )


async def _source(asking: Asking, side: Side) -> str | None:
    asked = asking.airflow.source(side.run.dag_id, side.version)
    return await asking.tried(f"source of version {side.version}", asked, None)


async def mapped_width(asking: Asking, run: Run, one: Instance) -> int | None:
    """How many instances the task has in a run."""
    where = InstanceFilter(task_id=one.task_id)
    asked = asking.airflow.count(run.dag_id, run.run_id, where)
    return await asking.tried("mapped width", asked, None)


async def _assets(asking: Asking, run: Run) -> tuple[AssetEvent, ...] | None:
    none: Listing[AssetEvent] | None = None
    asked = asking.airflow.upstream_events(run.dag_id, run.run_id)
    found = await asking.tried(f"input assets of {run.run_id}", asked, none)
    return found.items if found is not None else None
