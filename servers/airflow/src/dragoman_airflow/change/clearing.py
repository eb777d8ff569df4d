"""What clearing would do: which instances lose their state and run again."""

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from dragoman.errors import BadInput
from dragoman_airflow.api import Airflow, Feature
from dragoman_airflow.change.code import code, runs_latest
from dragoman_airflow.change.consumers import consumers, unknown
from dragoman_airflow.change.forecast import CLEARED, FAILED, Effect, Forecast
from dragoman_airflow.change.scene import FINISHED_RUNS, Scene, effect, known_tasks, resolved, scene
from dragoman_airflow.change.wanted import Wanted
from dragoman_airflow.errors import Conflict, NotOnThisAirflow
from dragoman_airflow.models import UNFINISHED, Dag, Instance
from dragoman_airflow.orders import Clear

_MOST_ROUNDS = 4
_WHOLE_TASKS = (
    "This Airflow can clear whole tasks alone, not some of their mapped instances. "
    "Name the whole task, or its failures alone (include failed_only)."
)

Pairs = tuple[tuple[str, int | None], ...]


async def clearing(airflow: Airflow, wanted: Wanted) -> Forecast:
    """Raises BadInput where nothing would be cleared, Conflict where running work would be."""
    seen = await scene(airflow, wanted)
    known_tasks(wanted, await airflow.tasks(wanted.dag_id), seen.instances)
    found = await _closed(airflow, wanted, seen)
    if not found:
        only = " that failed" if wanted.only_failed else ""
        raise BadInput(f"There is nothing to clear: no instance{only} is among those tasks.")
    effects = tuple(sorted(effect(one, CLEARED) for one in found))
    _refuse_running(effects)
    words, changes = await code(airflow, wanted, seen)
    return Forecast(
        kind=wanted.kind,
        instance=wanted.instance,
        dag_id=wanted.dag_id,
        run_id=wanted.run_id,
        run_state=seen.run.state,
        run_becomes="queued" if seen.run.state in FINISHED_RUNS else "",
        effects=effects,
        consumers=await consumers(airflow, wanted.dag_id, _tasks_that_run(effects, seen)),
        code=words,
        notices=(*changes, *_notices(airflow, seen), *unknown(airflow)),
    )


def exact(
    airflow: Airflow,
    wanted: Wanted,
    effects: Iterable[Effect],
    dag: Dag,
    note: str | UnsetType = UNSET,
) -> Clear:
    """The call that clears these instances and no others, without include flags.

    Where all of them failed Airflow is told to take failures alone, so that one which is mended in
    that very moment is left alone.
    """
    chosen = tuple(effects)
    pairs: Pairs = tuple(one.key for one in chosen)
    if not airflow.has(Feature.ONE_INSTANCE):
        pairs = tuple((task_id, None) for task_id in sorted({task for task, _ in pairs}))
    return Clear(
        run_id=wanted.run_id,
        pairs=pairs,
        only_failed=wanted.only_failed or all(one.state in FAILED for one in chosen),
        latest_version=runs_latest(airflow, wanted, dag),
        note=note if airflow.has(Feature.CLEAR_NOTE) else UNSET,
    )


async def _closed(airflow: Airflow, wanted: Wanted, seen: Scene) -> tuple[Instance, ...]:
    """What Airflow would clear, so that asking for exactly that clears exactly that.

    Naming a task can bring in its setups and teardowns, which is why this is asked again.
    """
    if not airflow.has(Feature.ONE_INSTANCE) and any(i is not None for _, i in wanted.tasks):
        raise NotOnThisAirflow(_WHOLE_TASKS)
    asked = wanted.tasks or tuple(
        (task, None) for task in sorted({t.task_id for t in seen.instances})
    )
    if not asked:
        return ()
    call = Clear(
        run_id=wanted.run_id,
        pairs=asked,
        upstream=wanted.upstream,
        downstream=wanted.downstream,
        only_failed=wanted.only_failed,
        latest_version=runs_latest(airflow, wanted, seen.dag),
    )
    found = await _dry(airflow, wanted, call, seen)
    for _ in range(_MOST_ROUNDS):
        if not found:
            return ()
        call = exact(airflow, wanted, (effect(one, CLEARED) for one in found), seen.dag)
        again = await _dry(airflow, wanted, call, seen)
        if {one.key for one in again} == {one.key for one in found}:
            return again
        if not airflow.has(Feature.ONE_INSTANCE):
            raise NotOnThisAirflow(_WHOLE_TASKS)
        found = again
    raise Conflict("What Airflow would clear changes from one question to the next. Plan again.")


async def _dry(airflow: Airflow, wanted: Wanted, call: Clear, seen: Scene) -> tuple[Instance, ...]:
    found = await airflow.clear(wanted.dag_id, call, dry_run=True)
    return resolved(airflow, found, seen, only_failed=call.only_failed)


def _refuse_running(effects: Iterable[Effect]) -> None:
    running = [one.name for one in effects if one.state in {"running", "restarting"}]
    if running:
        shown = ", ".join(running[:5]) + (", …" if len(running) > 5 else "")
        raise Conflict(
            f"{len(running)} of these instances run just now ({shown}). Clearing them would kill "
            "that work, so it is never done. Wait for them, name other tasks, or plan kind=cancel "
            "for the run and clear it afterwards."
        )


def _tasks_that_run(effects: Iterable[Effect], seen: Scene) -> set[str]:
    waiting = {one.task_id for one in seen.instances if one.state in UNFINISHED or not one.state}
    return waiting | {one.task_id for one in effects}


def _notices(airflow: Airflow, seen: Scene) -> Iterable[str]:
    if seen.dag.is_paused:
        yield "the DAG is paused: cleared instances wait until it is unpaused"
    if not airflow.has(Feature.PREVENT_RUNNING):
        yield "this Airflow kills an instance that starts in the very moment of clearing"
    if seen.run.state == "running":
        yield "the run goes on just now: what waits in it runs, too"
