"""What people did to a run, by the event log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from dragoman_airflow.models import Event, Instance, Run

_RUN = frozenset(
    {
        "patch_dag_run",
        "bulk_dag_runs",
        "update_dag_run_state",
        "dagrun_failed",
        "dagrun_success",
        "action_set_failed",
    }
)
_TASK = frozenset(
    {
        "patch_task_instance",
        "patch_task_group_instances",
        "bulk_task_instances",
        "post_set_task_instances_state",
        "patch_mapped_task_instance",
        "confirm",
    }
)
_CLEAR = frozenset(
    {
        "post_clear_task_instances",
        "clear_dag_run",
        "clear_dag_runs",
        "clear",
        "dagrun_clear",
        "action_clear",
    }
)
_PREFIXES = ("", "api.", "ui.")
EVENTS = tuple(sorted(f"{p}{name}" for p in _PREFIXES for name in _RUN | _TASK | _CLEAR))
"""Names of events that a person's action leaves, on Airflow 2 and 3."""

_SAME_MOMENT = timedelta(seconds=20)
_FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Marked:
    """A person set a state; `whole_run` tells whether of the run or of one task."""

    by: str
    when: datetime
    event: str
    whole_run: bool


def marked_failed(events: Iterable[Event], one: Run | Instance) -> Marked | None:
    """The action that made the run or the instance fail, if its end is that action's moment.

    A mark that came after a failure of the task's own does not explain it.
    """
    ended = one.end_date
    for event in events:
        if event.when is None or ended is None or abs(ended - event.when) > _SAME_MOMENT:
            continue
        name = bare(event.event)
        if not _concerns(event, name, one) or _FAILED not in _states(event, name):
            continue
        return Marked(event.owner, event.when, event.event, name in _RUN)
    return None


def cleared(events: Sequence[Event], one: Instance) -> Event | None:
    """The latest clear that an instance was run again for, before it ended."""
    for event in events:
        started = one.start_date or one.end_date
        if event.when is None or started is None or event.when > started:
            continue
        if bare(event.event) in _CLEAR and event.task_id in {"", one.task_id}:
            return event
    return None


def bare(event: str) -> str:
    """The action's name without the door it came by."""
    return event.removeprefix("api.").removeprefix("ui.")


def _concerns(event: Event, name: str, one: Run | Instance) -> bool:
    if isinstance(one, Run):
        return name in _RUN
    if name in _RUN:
        return True
    same_index = event.map_index in {-1, one.map_index}
    return name in _TASK and event.task_id in {"", one.task_id} and same_index


def _states(event: Event, name: str) -> frozenset[str]:
    """The states that an action's values name."""
    if name.endswith("_failed"):
        return frozenset({_FAILED})
    try:
        values = msgspec.json.decode(event.extra or "null")
    except msgspec.DecodeError:
        return frozenset({_FAILED} if f"'{_FAILED}'" in event.extra else ())
    return frozenset(_named(values, 0))


def _named(values: object, depth: int) -> Iterable[str]:
    if depth > 5:
        return
    match values:
        case dict():
            for key, value in values.items():  # pyright: ignore[reportUnknownVariableType]  # JSON
                if key in {"state", "new_state"} and isinstance(value, str):
                    yield value.lower()
                yield from _named(value, depth + 1)  # pyright: ignore[reportUnknownArgumentType]
        case list():
            for value in values:  # pyright: ignore[reportUnknownVariableType]  # JSON
                yield from _named(value, depth + 1)  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return
