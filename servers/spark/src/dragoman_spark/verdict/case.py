"""The facts of one failed application, cut where its end began, and ways to look things up."""

import re
from collections.abc import Iterable, Iterator

from dragoman_spark.eventlog.facts import Application, Executor
from dragoman_spark.eventlog.places import Place
from dragoman_spark.eventlog.tasks import ReasonKind, TaskFailures
from dragoman_spark.logs.digest import Digest, LogGroup
from dragoman_spark.logs.endings import is_start_failure
from dragoman_spark.logs.process import ProcessLogs
from dragoman_spark.logs.records import Kind
from dragoman_spark.logs.thrown import Thrown, read_chain
from dragoman_spark.outcome import Ending, Failure, Source, log_order
from dragoman_spark.verdict.reading import Reason, Where, read_reason

__all__ = ["Case", "first_line"]

_ON_EXECUTOR = ("Lost task", "Job aborted due to stage failure", "ExecutorLostFailure")
_ON_DRIVER = ("Task serialization failed", "Exception while getting task result")
_STOPS = re.compile(
    r"^Invoking stop\(\) from shutdown hook|^SparkContext is stopping with exitCode"
)
_SAYS = frozenset({"DAGScheduler", "SparkContext"})
_ENDS = re.compile(r"^Job \d+ failed: |failed in [\d.]+ m?s due to|; aborting job")


class Case:
    """What the suspects are sought in. Everything later than the failing work is left out.

    After a failure the driver's own end loses executors and fails tasks; none of that is a cause.
    """

    def __init__(self, application: Application | None, logs: ProcessLogs, ending: Ending) -> None:
        self.application = application
        self.logs = logs
        self.ending = ending
        self.order = log_order(application) if application else _no_order
        work = [
            self.order(one.place) for one in ending.failures if one.source is not Source.PRINTED
        ]
        self.cut = max(work, default=(1 << 60, 0))
        master = (application.environment.master or "") if application else ""
        self.is_local = master.startswith("local") and not master.startswith("local-cluster")

    def reason(self, text: str, where: Where | None = None) -> tuple[Reason, tuple[Thrown, ...]]:
        chain = read_chain(text)
        on_executor = any(mark in text for mark in _ON_EXECUTOR)
        if any(mark in text for mark in _ON_DRIVER):
            on_executor = False
        place = where or (Where.EXECUTOR if on_executor else Where.DRIVER)
        return read_reason(chain, Where.DRIVER if self.is_local else place), chain

    def task_reason(self, group: TaskFailures) -> tuple[Reason, tuple[Thrown, ...]]:
        head = f"{group.class_name}: {group.description}" if group.class_name else group.description
        text = group.trace if len(group.trace) > len(group.description) else head
        return self.reason(text, Where.EXECUTOR)

    def task_failures(self, *kinds: ReasonKind) -> tuple[TaskFailures, ...]:
        """Failure groups of the failing work's stages that began before the cut, in order."""
        if self.application is None:
            return ()
        stages = self._stages()
        found = [
            group
            for group in self.application.failures
            if group.reason in kinds
            and self.order(group.first) <= self.cut
            and (not stages or group.stage.id in stages)
        ]
        return tuple(sorted(found, key=lambda group: self.order(group.first)))

    def executor(self, executor_id: str) -> Executor | None:
        return self.application.executors.get(executor_id) if self.application else None

    def removed_before(self, executor: Executor) -> bool:
        return executor.removed_at is not None and self.order(executor.removed_at) <= self.cut

    def driver_groups(self) -> Iterator[tuple[Digest, LogGroup]]:
        """Groups of the driver's logs that began before its end did, and what it printed."""
        by_job = self.application is None or any(self.failing_jobs())
        for digest in self.logs.driver:
            end = _end_of(digest, _ENDS if by_job else _STOPS)
            for group in digest.groups:
                if group.is_data or (self.application is not None and is_start_failure(group)):
                    continue
                if group.first.line <= end or group.kind is not Kind.LOGGED:
                    yield digest, group

    def failing_jobs(self) -> Iterable[Failure]:
        return (one for one in self.ending.failures if one.source is Source.JOB)

    def _stages(self) -> set[int]:
        if self.application is None:
            return set()
        jobs = [self.application.jobs[int(one.id)] for one in self.failing_jobs()]
        return {stage for job in jobs for stage in job.stage_ids}


def _end_of(digest: Digest, marks: re.Pattern[str]) -> int:
    """The line from which on a driver's log tells only of its end: its last failed job or stop."""
    said = [one for one in digest.signals if one.logger in _SAYS]
    failed = [one.place.line for one in said if marks.search(one.message)]
    groups = [group for group in digest.groups if not group.is_data]
    failed += [group.last.line for group in groups if marks.search(group.message)]
    stops = [one.place.line for one in said if _STOPS.search(one.message)]
    return max(failed) if failed and marks is _ENDS else min(stops, default=1 << 60)


def first_line(text: str, limit: int = 300) -> str:
    """The first line that says something, at most `limit` characters of it."""
    line = next((one.strip() for one in text.splitlines() if one.strip()), "")
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _no_order(place: Place | None) -> tuple[int, int]:
    return (0, place.offset) if place else (-1, 0)
