"""Failed and killed tasks, grouped by stage and by what they say."""

import re
from dataclasses import dataclass, field
from typing import TypeAlias

from dragoman_spark.eventlog.places import Place
from dragoman_spark.eventlog.tasks import FailedTask, ReasonKind, StageKey, TaskFailures
from dragoman_spark.eventlog.wire import Reason, TaskEnd

GROUPS = 200
TASKS = 1_000
EXECUTORS = 64
SAMPLE = 8
TRACE = 32_000
DESCRIPTION = 16_000
NORMAL = 1_000
TRACE_BUDGET = 2_000_000

_VARIES = re.compile(r"0x[0-9a-fA-F]+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|@[0-9a-f]{4,}|\d+")
_EXIT_CODE = re.compile(
    r"(?:exited with (?:exit )?code|exit code(?: is| was)?|exit status|exitCode)"
    r"[:= ]*(-?\d{1,3})\b",
    re.IGNORECASE,
)


def exit_code_in(text: str) -> int | None:
    """The exit code a loss or removal reason names, in the words of any cluster manager."""
    found = _EXIT_CODE.search(text)
    return int(found[1]) if found else None


def normal(text: str) -> str:
    """The text without what differs between two failures of one kind."""
    return _VARIES.sub("#", text[:NORMAL])


_Key: TypeAlias = tuple[int, int, str, str | None, bool | None, str]


@dataclass(slots=True)
class _Group:
    stage: StageKey
    kind: str
    class_name: str | None
    description: str
    trace: str
    by_app: bool | None
    first: FailedTask
    last: FailedTask
    count: int = 0
    tasks: set[int] = field(default_factory=set[int])
    executors: dict[str, None] = field(default_factory=dict[str, None])
    sources: dict[str, None] = field(default_factory=dict[str, None])
    sample: list[FailedTask] = field(default_factory=list[FailedTask])


class FailureGroups:
    """At most `GROUPS` groups; what fits none of them is counted in `overflow`."""

    def __init__(self) -> None:
        self._groups: dict[_Key, _Group] = {}
        self._traces_left = TRACE_BUDGET
        self.overflow = 0

    def add(self, event: TaskEnd, place: Place) -> None:
        reason = event.reason
        text = _text(reason)
        key = (
            event.stage,
            event.attempt,
            reason.kind,
            reason.class_name,
            reason.by_app,
            normal(text),
        )
        info = event.info
        task = FailedTask(
            info.id, info.index, info.attempt, info.executor, info.finished or None, place
        )
        group = self._groups.get(key)
        if group is None:
            if len(self._groups) >= GROUPS:
                self.overflow += 1
                return
            group = self._groups[key] = self._begin(event, text, task)
        _extend(group, task, reason)

    def facts(self) -> tuple[TaskFailures, ...]:
        """The groups in the order of their first task."""
        return tuple(_facts(group) for group in self._groups.values())

    def _begin(self, event: TaskEnd, text: str, task: FailedTask) -> _Group:
        reason = event.reason
        trace = (reason.trace or "")[: min(TRACE, self._traces_left)]
        self._traces_left -= len(trace)
        return _Group(
            stage=StageKey(event.stage, event.attempt),
            kind=reason.kind,
            class_name=reason.class_name,
            description=text[:DESCRIPTION],
            trace=trace,
            by_app=reason.by_app,
            first=task,
            last=task,
        )


def _extend(group: _Group, task: FailedTask, reason: Reason) -> None:
    group.count += 1
    group.last = task
    if len(group.tasks) < TASKS:
        group.tasks.add(task.index)
    if len(group.executors) < EXECUTORS:
        group.executors[task.executor_id] = None
    source = reason.address and reason.address.executor
    if source and len(group.sources) < EXECUTORS:
        group.sources[source] = None
    if len(group.sample) < SAMPLE:
        group.sample.append(task)


def _facts(group: _Group) -> TaskFailures:
    known = {kind.value for kind in ReasonKind}
    return TaskFailures(
        reason=ReasonKind(group.kind) if group.kind in known else ReasonKind.UNKNOWN,
        reason_text=group.kind,
        class_name=group.class_name,
        description=group.description,
        trace=group.trace,
        stage=group.stage,
        count=group.count,
        tasks=len(group.tasks),
        executor_ids=tuple(group.executors),
        caused_by_app=group.by_app,
        fetched_from=tuple(group.sources),
        exit_code=exit_code_in(group.description),
        first_time=group.first.time,
        last_time=group.last.time,
        first=group.first.place,
        last=group.last.place,
        sample=tuple(group.sample),
    )


def _text(reason: Reason) -> str:
    texts = (reason.description, reason.message, reason.loss, reason.kill)
    return next((text for text in texts if text), "")
