"""Does what was approved, exactly, once, and reads it back."""

from collections.abc import Awaitable, Callable, Iterable, Mapping

from msgspec import UNSET
from msgspec.structs import replace

from dragoman_airflow.api import Feature
from dragoman_airflow.change.clearing import exact
from dragoman_airflow.change.deed import Deed, sent
from dragoman_airflow.change.marking import call
from dragoman_airflow.change.notes import add_to_run, below
from dragoman_airflow.change.observing import Observed, instances_now
from dragoman_airflow.change.starting import backfill, cancel_backfill, pause, trigger, unpause
from dragoman_airflow.change.wanted import Kind
from dragoman_airflow.errors import Conflict
from dragoman_airflow.models import Instance


async def act(deed: Deed) -> Observed:
    """What it came to. Raises AirflowError when Airflow refused, and then nothing was done.

    An answer that was lost is no refusal: what is read back then says what happened.
    """
    return await _ACTS[deed.wanted.kind](deed)


async def _clear(deed: Deed) -> Observed:
    airflow, wanted = deed.airflow, deed.wanted
    dag = await airflow.dag(wanted.dag_id)
    before = await _unchanged(deed)
    chosen = {one.key for one in deed.forecast.effects}
    beside = deed.note.beside(one for one in before if one.key in chosen)
    what = exact(airflow, wanted, deed.forecast.effects, dag, beside)
    lost = await sent(airflow.clear(wanted.dag_id, what, dry_run=False))
    return await _instances(deed, before, lost=lost, noted=what.note is not UNSET)


async def _mark(deed: Deed) -> Observed:
    before = await _unchanged(deed)
    ((task_id, map_index),) = deed.wanted.tasks
    named = (one for one in before if one.task_id == task_id and map_index in {None, one.map_index})
    note = deed.note.beside(named) if deed.airflow.has(Feature.CLEAR_NOTE) else UNSET
    what = replace(call(deed.wanted), note=note)
    lost = await sent(deed.airflow.mark(deed.wanted.dag_id, what, dry_run=False))
    return await _instances(deed, before, lost=lost, noted=note is not UNSET)


async def _cancel(deed: Deed) -> Observed:
    dag_id, run_id = deed.wanted.dag_id, deed.wanted.run_id
    if not run_id:
        return await cancel_backfill(deed)
    before = await _before(deed)
    run = await deed.airflow.run(dag_id, run_id)
    note = below(run.note, deed.note) or run.note
    lost = await sent(deed.airflow.mark_run(dag_id, run_id, "failed", note))
    return await _instances(deed, before, lost=lost, noted=True)


async def _unchanged(deed: Deed) -> tuple[Instance, ...]:
    """The run's instances at the last moment. Raises Conflict if one that is to change has moved.

    What is left is the time that one request takes.
    """
    before = await _before(deed)
    standing = {one.key: (one.state, one.try_number) for one in before}
    moved = [
        one.name
        for one in deed.forecast.effects
        if standing.get(one.key) != (one.state, one.try_number)
    ]
    if moved:
        raise Conflict(f"{', '.join(moved[:5])} changed in this very moment; nothing was done.")
    return before


async def _before(deed: Deed) -> tuple[Instance, ...]:
    return (await deed.airflow.instances(deed.wanted.dag_id, deed.wanted.run_id)).items


async def _instances(
    deed: Deed, before: Iterable[Instance], *, lost: bool, noted: bool
) -> Observed:
    """The instances read back; where no instance could be noted, the run is."""
    was = tuple(before)

    async def look() -> Observed:
        return await instances_now(deed.airflow, deed.forecast, was)

    said: tuple[str, ...] = ()
    if not noted and not lost:
        said = await _noted_on_run(deed)
    return await deed.read_back(look, lost=lost, said=said)


async def _noted_on_run(deed: Deed) -> tuple[str, ...]:
    problem = await add_to_run(deed.airflow, deed.wanted.dag_id, deed.wanted.run_id, deed.note)
    return (problem,) if problem else ()


_ACTS: Mapping[Kind, Callable[[Deed], Awaitable[Observed]]] = {
    Kind.CLEAR: _clear,
    Kind.MARK: _mark,
    Kind.TRIGGER: trigger,
    Kind.PAUSE: pause,
    Kind.UNPAUSE: unpause,
    Kind.BACKFILL: backfill,
    Kind.CANCEL: _cancel,
}
