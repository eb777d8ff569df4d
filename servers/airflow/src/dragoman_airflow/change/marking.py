"""What marking would do: more than Airflow's own dry run of it says.

The instances that it names get the state, and then every failed instance below the marked task is
cleared, whichever state was set (3.3.2: SerializedDAG.set_task_instance_state).
"""

from collections.abc import Iterable, Iterator

from dragoman.errors import BadInput
from dragoman_airflow.api import Airflow, Feature
from dragoman_airflow.change.consumers import consumers, unknown
from dragoman_airflow.change.forecast import CLEARED, FAILED, Effect, Forecast
from dragoman_airflow.change.scene import (
    FINISHED_RUNS,
    Scene,
    effect,
    known_tasks,
    resolved,
    scene,
)
from dragoman_airflow.change.wanted import Wanted, named
from dragoman_airflow.errors import NotOnThisAirflow
from dragoman_airflow.graph import TaskGraph
from dragoman_airflow.models import UNFINISHED, Instance, Task
from dragoman_airflow.orders import Clear, Mark

STATES = ("success", "failed", "skipped")


async def marking(airflow: Airflow, wanted: Wanted) -> Forecast:
    """Raises BadInput where nothing would be marked: Airflow would refuse it, too."""
    if wanted.state not in STATES:
        raise BadInput(f"state must be one of {', '.join(STATES)} to mark a task.")
    if len(wanted.tasks) != 1:
        raise BadInput("Marking needs exactly one of `tasks`; make one plan for each task.")
    (task_id, map_index) = wanted.tasks[0]
    if map_index is not None and not airflow.has(Feature.ONE_INSTANCE):
        raise NotOnThisAirflow(f"This Airflow marks whole tasks alone; write {task_id}.")
    seen = await scene(airflow, wanted)
    tasks = await airflow.tasks(wanted.dag_id)
    known_tasks(wanted, tasks, seen.instances)
    named_by_airflow = await airflow.mark(wanted.dag_id, call(wanted), dry_run=True)
    marked = _marked(airflow, named_by_airflow, seen, wanted)
    if not marked:
        raise BadInput(f"{named(task_id, map_index)} is {wanted.state} already; nothing to mark.")
    below = await _below(airflow, wanted, seen, tasks)
    effects = tuple(sorted(_effects(marked, below, wanted)))
    requeued = {one.task_id for one in effects if one.becomes == CLEARED}
    return Forecast(
        kind=wanted.kind,
        instance=wanted.instance,
        dag_id=wanted.dag_id,
        run_id=wanted.run_id,
        run_state=seen.run.state,
        run_becomes="queued" if requeued and seen.run.state in FINISHED_RUNS else "",
        effects=effects,
        consumers=await consumers(airflow, wanted.dag_id, _tasks_that_run(effects, seen)),
        notices=(*_notices(seen, requeued), *unknown(airflow)),
    )


def call(wanted: Wanted) -> Mark:
    ((task_id, map_index),) = wanted.tasks
    return Mark(
        run_id=wanted.run_id,
        task_id=task_id,
        state=wanted.state,
        map_index=map_index,
        upstream=wanted.upstream,
        downstream=wanted.downstream,
    )


def _marked(
    airflow: Airflow, found: Iterable[Instance], seen: Scene, wanted: Wanted
) -> tuple[Instance, ...]:
    return tuple(
        one for one in resolved(airflow, found, seen) if one.state != wanted.state or not one.state
    )


def _effects(
    marked: Iterable[Instance], below: Iterable[Instance], wanted: Wanted
) -> Iterator[Effect]:
    """Each instance once, with the state in which the two steps of a mark leave it."""
    ((target, _),) = wanted.tasks
    fates = {one.key: effect(one, wanted.state) for one in marked}
    for one in below:
        standing = fates[one.key].becomes if one.key in fates else one.state
        if one.task_id != target and standing in FAILED:
            fates[one.key] = effect(one, CLEARED)
    yield from fates.values()


async def _below(
    airflow: Airflow, wanted: Wanted, seen: Scene, tasks: tuple[Task, ...]
) -> tuple[Instance, ...]:
    """The instances of the tasks that a mark looks at for failures, setups of theirs included.

    A mark goes by the latest version's graph, a clear by the run's own: where they differ, the
    graph is walked here.
    """
    ((target, _),) = wanted.tasks
    if seen.drifted:
        reached = TaskGraph.of(tasks).descendants(target)
        return tuple(one for one in seen.instances if one.task_id in reached)
    reach = Clear(run_id=wanted.run_id, pairs=((target, None),), downstream=True)
    found = await airflow.clear(wanted.dag_id, reach, dry_run=True)
    return resolved(airflow, found, seen)


def _tasks_that_run(effects: Iterable[Effect], seen: Scene) -> set[str]:
    """Those that are cleared, and in an open run those that wait."""
    cleared = {one.task_id for one in effects if one.becomes == CLEARED}
    if not cleared and seen.run.state in FINISHED_RUNS:
        return set()
    marked = {one.key for one in effects if one.becomes != CLEARED}
    waiting = {
        one.task_id
        for one in seen.instances
        if (one.state in UNFINISHED or not one.state) and one.key not in marked
    }
    return cleared | waiting


def _notices(seen: Scene, requeued: set[str]) -> Iterator[str]:
    if seen.run.state in FINISHED_RUNS and not requeued:
        yield f"no failed task is below it, so the run stays {seen.run.state}"
    if requeued and seen.dag.is_paused:
        yield "the DAG is paused: what is cleared waits until it is unpaused"
    if seen.drifted:
        yield (
            f"the run is of version {seen.run_version}; a mark goes by the latest, "
            f"{seen.latest_version}"
        )
