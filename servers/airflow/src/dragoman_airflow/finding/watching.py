"""A run that is watched until it ends or time is up."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import anyio
from pydantic import BaseModel, Field

from dragoman.answer.handover import Handover
from dragoman.tool import Progress
from dragoman_airflow.errors import Unreachable
from dragoman_airflow.finding.runs import RunRow
from dragoman_airflow.fleet import Target
from dragoman_airflow.models import Instance, Listing, Run
from dragoman_airflow.words import instance_word, when

_OVER = frozenset({"success", "failed"})
_DONE = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
_SHORTEST, _LONGEST = 2.0, 15.0
_MOST_CHANGES = 30
Sleep = Callable[[float], Awaitable[None]]
Clock = Callable[[], float]


class Watched(BaseModel):
    """What became of a run while it was watched."""

    run: RunRow
    ended: bool = Field(description="The run is over; else time was up")
    watched_seconds: int
    tasks: dict[str, int] = Field(default_factory=dict[str, int], description="By state")
    tasks_complete: bool = True
    changes: list[str] = Field(default_factory=list[str], description="UTC, what came to be")
    left_out: int = 0
    not_read: list[str] = Field(default_factory=list[str])
    next: Handover | None = None


async def watch(
    target: Target,
    seconds: float,
    progress: Progress,
    *,
    sleep: Sleep = anyio.sleep,
    clock: Clock = anyio.current_time,
) -> Watched:
    """Looks at the run at growing intervals; one look that fails does not end the watch."""
    airflow, begun, pause = target.airflow, clock(), _SHORTEST
    run = await airflow.run(target.dag_id, target.run_id)
    rows = await airflow.instances(target.dag_id, target.run_id)
    changes: list[str] = []
    missed: list[str] = []
    while run.state not in _OVER and clock() - begun < seconds:
        await _tell(progress, run, rows)
        await sleep(min(pause, max(0.0, seconds - (clock() - begun))))
        pause = min(pause * 1.5, _LONGEST)
        try:
            new_run = await airflow.run(target.dag_id, target.run_id)
            new_rows = await airflow.instances(target.dag_id, target.run_id)
        except Unreachable as wrong:
            missed = list(dict.fromkeys([*missed, str(wrong)]))
            continue
        changes += _changes(run, new_run, rows, new_rows)
        run, rows = new_run, new_rows
    await _tell(progress, run, rows)
    return Watched(
        run=RunRow.of(airflow, run),
        ended=run.state in _OVER,
        watched_seconds=round(clock() - begun),
        tasks=dict(Counter(row.state or "not started" for row in rows.items)),
        tasks_complete=rows.complete,
        changes=changes[-_MOST_CHANGES:],
        left_out=max(0, len(changes) - _MOST_CHANGES),
        not_read=missed,
        next=_next(target, run),
    )


async def _tell(progress: Progress, run: Run, rows: Listing[Instance]) -> None:
    done = sum(row.state in _DONE for row in rows.items)
    running = [instance_word(row) for row in rows.items if row.state == "running"]
    now = f", running: {', '.join(running[:3])}" if running else ""
    total = float(max(rows.delivered, 1))
    await progress(float(done), total, f"{run.state}, {done} of {rows.delivered} tasks done{now}")


def _changes(
    run: Run, new_run: Run, rows: Listing[Instance], new_rows: Listing[Instance]
) -> list[str]:
    at = when(datetime.now(UTC))
    told: list[str] = []
    before = {row.key: row for row in rows.items}
    for row in new_rows.items:
        old = before.get(row.key)
        was = old.state if old else ""
        if row.state != was:
            told.append(f"{at} {instance_word(row)}: {was or 'not started'} to {row.state}")
        elif old and row.try_number > old.try_number:
            told.append(f"{at} {instance_word(row)}: try {row.try_number}, {row.state}")
    if new_run.state != run.state:
        told.append(f"{at} the run: {run.state} to {new_run.state}")
    return told


def _next(target: Target, run: Run) -> Handover | None:
    if run.state == "success":
        return None
    tool = {"failed": "diagnose_run", "queued": "explain_waiting"}.get(run.state, "watch_run")
    arguments = {"dag": target.dag_id, "run": target.run_id, "instance": target.airflow.name}
    return Handover(server="airflow", tool=tool, arguments=arguments)
