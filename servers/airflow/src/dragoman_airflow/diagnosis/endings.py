"""Why a run failed in which no task failed by itself."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dragoman_airflow.diagnosis.causes import RunCause
from dragoman_airflow.diagnosis.people import marked_failed
from dragoman_airflow.graph import TaskGraph
from dragoman_airflow.models import Event, Instance, Run

_ISO = re.compile(
    r"(?P<sign>-)?P(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_CLOCK = re.compile(
    r"(?:(?P<days>\d+) days?, )?(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d(?:\.\d+)?)"
)


@dataclass(frozen=True, slots=True)
class Ending:
    """What ended the run, in one sentence, and the tasks that it was about."""

    cause: RunCause
    says: str
    tasks: tuple[Instance, ...] = ()


def marked(run: Run, events: Sequence[Event]) -> Ending | None:
    """Someone set the run to failed."""
    found = marked_failed(events, run)
    if found is None:
        return None
    says = f"{found.by or 'someone'} set it to failed at {found.when:%Y-%m-%d %H:%M:%S}"
    return Ending(RunCause.MARKED_FAILED, f"{says} ({found.event})")


def timed_out(run: Run, limit: str, skipped: Sequence[Instance]) -> Ending | None:
    """The run's own time limit, if it had passed when the run failed.

    Airflow turns unfinished instances into skipped ones without an end; those that had started
    were running, and the others only waited.
    """
    allowed = seconds(limit)
    if run.state != "failed" or allowed is None or not run.start_date or not run.end_date:
        return None
    took = (run.end_date - run.start_date).total_seconds()
    if took < allowed:
        return None
    running = tuple(one for one in skipped if one.start_date and not one.end_date)
    names = _names(running)
    was = f"; {names} was still running" if names else ""
    return Ending(
        RunCause.RUN_TIMEOUT,
        f"the run reached its time limit of {span(allowed)} after {span(took)}{was}",
        running,
    )


def deadlocked(graph: TaskGraph, run: Run, bad: Sequence[Instance]) -> Ending | None:
    """Instances without a state in a failed run: Airflow found none that could ever start."""
    waiting = [one for one in bad if one.state in {"", "scheduled"}]
    if run.state != "failed" or not waiting:
        return None
    states = _states(bad)
    names = {one.task_id for one in waiting}
    first = [one for one in waiting if not set(graph.upstream(one.task_id)) & names]
    one = (first or waiting)[0]
    return Ending(
        RunCause.DEADLOCK,
        f"{len(waiting)} instances could never start, first {_rule(graph, one, states)}",
        tuple(first or waiting),
    )


def unmet(graph: TaskGraph, stuck: Sequence[Instance], bad: Sequence[Instance]) -> Ending | None:
    """upstream_failed although nothing above failed: an impossible rule, or nothing to map over."""
    if not stuck:
        return None
    one = stuck[0]
    task = graph.tasks.get(one.task_id)
    if task is not None and task.is_mapped and one.map_index < 0:
        says = f"{one.task_id} could not be expanded: what it maps over gave no list"
        return Ending(RunCause.NOT_EXPANDED, says, tuple(stuck))
    says = f"{_rule(graph, one, _states(bad))}, which could not be met"
    return Ending(RunCause.RULE_UNMET, says, tuple(stuck))


def removed(bad: Sequence[Instance]) -> Ending | None:
    gone = tuple(one for one in bad if one.state == "removed")
    if not gone:
        return None
    says = f"{len(gone)} instances were removed: {_names(gone)} no longer has them"
    return Ending(RunCause.TASK_REMOVED, says, gone)


def seconds(limit: str) -> float | None:
    """A time limit as Airflow writes it: ISO 8601, h:mm:ss or plain seconds."""
    limit = limit.strip()
    try:
        return float(limit)
    except ValueError:
        found = _ISO.fullmatch(limit) or _CLOCK.fullmatch(limit)
    if not found:
        return None
    parts = {name: float(found[name] or 0) for name in ("days", "hours", "minutes", "seconds")}
    return timedelta(**parts).total_seconds() or None


def span(took: float) -> str:
    """Seconds as people say them, in two units at most."""
    if took < 60:
        return f"{took:.3g} s"
    minutes, rest = divmod(round(took), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def _rule(graph: TaskGraph, one: Instance, states: dict[str, Counter[str]]) -> str:
    task = graph.tasks.get(one.task_id)
    rule = task.trigger_rule if task else "unknown"
    parents = ", ".join(
        f"{parent} {_state_words(states.get(parent))}" for parent in graph.upstream(one.task_id)[:4]
    )
    above = f", and before it were {parents}" if parents else ""
    return f"{one.task_id}: its trigger rule is {rule}{above}"


def _state_words(states: Counter[str] | None) -> str:
    if not states:
        return "success or skipped"
    return " and ".join(state or "without a state" for state in sorted(states))


def _states(bad: Sequence[Instance]) -> dict[str, Counter[str]]:
    states: dict[str, Counter[str]] = {}
    for one in bad:
        states.setdefault(one.task_id, Counter())[one.state] += 1
    return states


def _names(instances: Sequence[Instance]) -> str:
    names = list(dict.fromkeys(one.task_id for one in instances))
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
