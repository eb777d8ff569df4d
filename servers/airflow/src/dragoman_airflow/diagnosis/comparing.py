"""Two runs of a DAG side by side: tasks, versions, conf, inputs and source."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from dragoman.answer.budget import Coverage
from dragoman.answer.text import cost
from dragoman.answer.untrusted import Untrusted, fence
from dragoman_airflow.api import Airflow
from dragoman_airflow.diagnosis.asking import Asking, together
from dragoman_airflow.diagnosis.changed import Side, changes
from dragoman_airflow.diagnosis.endings import span
from dragoman_airflow.diagnosis.history import with_inputs, with_sources
from dragoman_airflow.errors import RunNotFound
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.models import Instance, Listing, Run

_LIMIT = 300
_RECENT = 25


class TaskPair(BaseModel):
    """A task in both runs: its states, and seconds from its first start to its last end."""

    task: str
    before: str
    now: str
    slower: float | None = Field(default=None, description="Seconds more than before")


class Comparison(BaseModel):
    """What is different in `run` from `with_run`."""

    headline: str
    instance: str
    dag: str
    run: str
    with_run: str
    changed: list[Untrusted] = Field(default_factory=list[Untrusted])
    same: list[str] = Field(default_factory=list[str])
    source_diff: Untrusted | None = None
    tasks: list[TaskPair] = Field(default_factory=list[TaskPair])
    coverage: Coverage = Field(description="Of tasks that differ")
    not_read: list[str] = Field(default_factory=list[str])

    def as_text(self) -> str:
        return "\n".join(_lines(self))


async def compare(
    airflow: Airflow, dag_id: str, run_a: str, run_b: str, max_tokens: int
) -> Comparison:
    """Run a against run b, or against the last success before it. Raises RunNotFound."""
    asking = Asking(airflow)
    await airflow.dag(dag_id)
    now = await airflow.run(dag_id, run_a)
    before = await airflow.run(dag_id, run_b) if run_b else await _success_before(asking, now)
    old, new = await _instances(asking, before, now)
    left, right = Side(before), Side(now)
    left, right = await with_sources(asking, left, right)
    left, right = await with_inputs(asking, left, right)
    found = changes(left, right, [before.duration] if before.duration is not None else [])
    pairs = _pairs(old, new)
    not_read = [*asking.not_read, *found.unread]
    not_read += [
        f"instances of {name}: {one.delivered} read of {one.claimed or 'an unknown number'}"
        for name, one in ((before.run_id, old), (now.run_id, new))
        if not one.complete
    ]
    told = Comparison(
        headline=_headline(before, now, len(found.found), len(pairs)),
        instance=airflow.name,
        dag=dag_id,
        run=now.run_id,
        with_run=before.run_id,
        changed=list(found.found),
        same=list(found.same),
        source_diff=found.diff,
        tasks=pairs,
        coverage=Coverage(kept=len(pairs), delivered=len(pairs), claimed=len(pairs)),
        not_read=not_read,
    )
    return _fitted(told, max_tokens, complete=old.complete and new.complete)


async def _success_before(asking: Asking, run: Run) -> Run:
    """The newest success that is older than the run, of the same kind if there is one."""
    where = RunFilter(states=("success",), run_after_lte=run.run_after)
    found: Listing[Run] = await asking.airflow.runs(run.dag_id, where, limit=_RECENT)
    older = [one for one in found.items if one.run_id != run.run_id]
    if not older:
        raise RunNotFound(f"{run.dag_id} has no success before {run.run_id}. Name two runs.")
    return next((one for one in older if one.run_type == run.run_type), older[0])


async def _instances(
    asking: Asking, before: Run, now: Run
) -> tuple[Listing[Instance], Listing[Instance]]:
    none: Listing[Instance] = Listing((), None, complete=False, note="not read")
    read: dict[str, Listing[Instance]] = {}

    async def of(run: Run) -> None:
        asked = asking.airflow.instances(run.dag_id, run.run_id, limit=_LIMIT)
        read[run.run_id] = await asking.tried(f"instances of {run.run_id}", asked, none)

    async def of_before() -> None:
        await of(before)

    async def of_now() -> None:
        await of(now)

    await together(of_before, of_now)
    return read[before.run_id], read[now.run_id]


@dataclass(frozen=True, slots=True)
class _Sum:
    """A task's instances in one run."""

    states: str = "not there"
    seconds: float | None = None
    width: int = 0


def _pairs(before: Listing[Instance], now: Listing[Instance]) -> list[TaskPair]:
    """Tasks that differ in state, width or much in time: other states first, then the slowest."""
    old, new = _sums(before.items), _sums(now.items)
    names = sorted({*old, *new})
    pairs = [(name, old.get(name, _Sum()), new.get(name, _Sum())) for name in names]
    differing = [pair for pair in pairs if _differs(pair[1], pair[2])]
    differing.sort(key=lambda pair: (pair[1].states == pair[2].states, -abs(_slower(*pair[1:]))))
    return [
        TaskPair(
            task=name,
            before=_words(one),
            now=_words(other),
            slower=round(_slower(one, other), 1) or None,
        )
        for name, one, other in differing
    ]


def _differs(old: _Sum, new: _Sum) -> bool:
    if old.states != new.states or old.width != new.width:
        return True
    slower = abs(_slower(old, new))
    return slower >= 10 and slower >= 0.5 * min(old.seconds or 0, new.seconds or 0)


def _slower(old: _Sum, new: _Sum) -> float:
    if old.seconds is None or new.seconds is None:
        return 0.0
    return new.seconds - old.seconds


def _sums(instances: Sequence[Instance]) -> dict[str, _Sum]:
    by_task: dict[str, list[Instance]] = {}
    for one in instances:
        by_task.setdefault(one.task_id, []).append(one)
    return {name: _sum(found) for name, found in by_task.items()}


def _sum(instances: Sequence[Instance]) -> _Sum:
    states: dict[str, int] = {}
    for one in instances:
        states[one.state or "no state"] = states.get(one.state or "no state", 0) + 1
    mapped = any(one.map_index >= 0 for one in instances)
    told = ", ".join(f"{many} {state}" if mapped else state for state, many in states.items())
    starts = [one.start_date for one in instances if one.start_date]
    ends = [one.end_date for one in instances if one.end_date]
    took = (max(ends) - min(starts)).total_seconds() if starts and ends else None
    return _Sum(told, took, len(instances) if mapped else 0)


def _words(one: _Sum) -> str:
    return (
        one.states if not one.seconds or one.seconds < 0.1 else f"{one.states}, {span(one.seconds)}"
    )


def _headline(before: Run, now: Run, changed: int, tasks: int) -> str:
    took = ""
    if before.duration is not None and now.duration is not None:
        took = f"; it took {span(now.duration)}, before {span(before.duration)}"
    found = f"{changed} differences of the run" if changed else "nothing of the run itself differs"
    return (
        f"{now.run_id} ({now.state}) against {before.run_id} ({before.state}): {found}, "
        f"{tasks} tasks differ{took}."
    )


def _fitted(told: Comparison, max_tokens: int, *, complete: bool) -> Comparison:
    differing = len(told.tasks)
    while cost(told) > max_tokens:
        if len(told.tasks) > 1:
            told.tasks.pop()
        elif told.source_diff is not None:
            lines = told.source_diff.splitlines()
            told.source_diff = Untrusted("\n".join(lines[:-2])) if len(lines) > 4 else None
        else:
            break
        told.coverage = Coverage(
            kept=len(told.tasks), delivered=differing, claimed=differing if complete else None
        )
    if not complete:
        told.coverage = told.coverage.model_copy(update={"claimed": None})
    return told


def _lines(told: Comparison) -> Iterator[str]:
    yield told.headline
    yield f"Airflow {told.instance}, DAG {told.dag}"
    yield from (f"changed: {fence(one)}" for one in told.changed)
    if told.source_diff:
        yield f"source: {fence(told.source_diff)}"
    if told.same:
        yield f"same: {', '.join(told.same)}"
    for pair in told.tasks:
        slower = f" ({pair.slower:+g} s)" if pair.slower else ""
        yield f"task {pair.task}: {pair.now}, before {pair.before}{slower}"
    yield f"coverage: {told.coverage.of('tasks that differ')}"
    yield from (f"not read: {note}" for note in told.not_read)
