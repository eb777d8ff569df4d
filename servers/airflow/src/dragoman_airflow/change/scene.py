"""What a preview of one run is computed from, read once."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from dragoman.errors import BadInput
from dragoman_airflow.api import Airflow, Feature
from dragoman_airflow.change.forecast import FAILED, Effect
from dragoman_airflow.change.wanted import Wanted, named
from dragoman_airflow.models import Dag, Instance, Listing, Run, Task

T = TypeVar("T")
FINISHED_RUNS = frozenset({"success", "failed"})
MOST_RUNS = 10_000
"""Runs that a preview of several is computed from at most."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A DAG, one of its runs, and every instance of that run."""

    dag: Dag
    run: Run
    instances: tuple[Instance, ...]

    @property
    def run_version(self) -> int | None:
        """The newest version the run's instances ran with; None where Airflow does not say."""
        numbers = [version.version_number for version in self.run.versions]
        return max(numbers, default=None)

    @property
    def latest_version(self) -> int | None:
        return self.dag.version.version_number if self.dag.version else None

    @property
    def drifted(self) -> bool:
        """Whether the DAG has changed since the run, as far as Airflow says."""
        mine, latest = self.run_version, self.latest_version
        return mine is not None and latest is not None and mine != latest


async def scene(airflow: Airflow, wanted: Wanted) -> Scene:
    """Raises BadInput for a run with more instances than can be read."""
    dag = await airflow.dag(wanted.dag_id)
    run = await airflow.run(wanted.dag_id, wanted.run_id)
    instances = await airflow.instances(wanted.dag_id, wanted.run_id)
    return Scene(dag, run, whole(instances, f"instances of run {wanted.run_id}"))


def whole(listing: Listing[T], what: str) -> tuple[T, ...]:
    """The items of a complete list; a preview of a part would be no preview.

    Raises BadInput for a list that was not read to its end.
    """
    if not listing.complete:
        claimed = "more" if listing.claimed is None else f"{listing.claimed:,}"
        raise BadInput(
            f"Only {listing.delivered:,} of {claimed} {what} could be read, so what a change would "
            "do cannot be told. Make a smaller change, or make it in Airflow itself."
        )
    return listing.items


def known_tasks(wanted: Wanted, tasks: Iterable[Task], instances: Iterable[Instance]) -> None:
    """Raises BadInput for a task, or a mapped instance, that the run does not have."""
    keys = {one.key for one in instances}
    with_instances = {task_id for task_id, _ in keys}
    defined = {task.task_id for task in tasks}
    for task_id, map_index in wanted.tasks:
        if task_id not in with_instances:
            raise BadInput(_unknown_task(task_id, wanted, with_instances, defined))
        if map_index is not None and (task_id, map_index) not in keys:
            raise BadInput(_unknown_index(task_id, map_index, wanted, keys))


def resolved(
    airflow: Airflow, found: Iterable[Instance], seen: Scene, *, only_failed: bool = False
) -> tuple[Instance, ...]:
    """What a dry run named, with states and indexes, each once.

    Airflow 2 names tasks alone in its dry runs: there the instances are those that were read.
    """
    if airflow.has(Feature.ONE_INSTANCE):
        return tuple({one.key: one for one in found}.values())
    tasks = {one.task_id for one in found}
    return tuple(
        one
        for one in seen.instances
        if one.task_id in tasks and (one.state in FAILED or not only_failed)
    )


def effect(one: Instance, becomes: str) -> Effect:
    return Effect(one.task_id, one.map_index, one.state, one.try_number, becomes)


def _unknown_task(task_id: str, wanted: Wanted, with_instances: set[str], defined: set[str]) -> str:
    if task_id in defined:
        return (
            f"Task {task_id} of {wanted.dag_id} has no instance in run {wanted.run_id}: it came "
            "with a later version. Name tasks that the run has."
        )
    near = get_close_matches(task_id, sorted(with_instances | defined), n=3, cutoff=0.5)
    meant = f" Did you mean {' or '.join(near)}?" if near else _some(with_instances)
    return f"{wanted.dag_id} has no task {task_id}.{meant}"


def _some(task_ids: set[str]) -> str:
    if not task_ids:
        return " The run has no instances at all."
    shown = sorted(task_ids)[:10]
    more = f" and {len(task_ids) - len(shown)} more" if len(task_ids) > len(shown) else ""
    return f" It has {', '.join(shown)}{more}."


def _unknown_index(task_id: str, map_index: int, wanted: Wanted, keys: set[tuple[str, int]]) -> str:
    indexes = sorted(index for task, index in keys if task == task_id)
    if indexes == [-1]:
        return (
            f"Task {task_id} has one instance without an index in run {wanted.run_id}; "
            f"write {task_id}, not {named(task_id, map_index)}."
        )
    return (
        f"Run {wanted.run_id} has no {named(task_id, map_index)}: its {len(indexes)} instances "
        f"have the indexes {indexes[0]} to {indexes[-1]}."
    )
