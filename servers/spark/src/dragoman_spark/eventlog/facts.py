"""What one event log says, without judgement: the values every diagnosis rests on.

Times are milliseconds since the epoch; ids of applications, executors, sessions and operations are
text, ids of jobs, stages, tasks and SQL executions are Spark's own numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dragoman_spark.eventlog.places import Damage, Place
from dragoman_spark.eventlog.tasks import Stage, StageKey, TaskFailures

__all__ = [
    "Application",
    "Compute",
    "ConnectOperation",
    "ConnectSession",
    "Environment",
    "Exclusion",
    "Executor",
    "Job",
    "JobResult",
    "LastEvent",
    "SqlExecution",
    "StreamingQuery",
]


class JobResult(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Environment:
    """`Spark Properties` as logged (Spark redacts values, never keys), and the versions.

    `command` is the driver's command line (`sun.java.command`).
    """

    properties: Mapping[str, str]
    java_version: str | None = None
    scala_version: str | None = None
    command: str | None = None
    place: Place | None = None

    @property
    def master(self) -> str | None:
        return self.properties.get("spark.master")

    @property
    def deploy_mode(self) -> str | None:
        return self.properties.get("spark.submit.deployMode")


@dataclass(frozen=True, slots=True)
class LastEvent:
    """The last event of the log; `time` is the latest that any event of the log names."""

    kind: str
    place: Place
    time: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job; `properties` holds tags, group, description, SQL execution, pool and streaming ids.

    `error` is the whole message, up to 64 kB.
    """

    id: int
    submitted: int | None
    ended: int | None
    result: JobResult
    error: str | None
    stage_ids: tuple[int, ...]
    properties: Mapping[str, str]
    started_at: Place | None
    ended_at: Place | None

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(tag for tag in self.properties.get("spark.job.tags", "").split(",") if tag)

    @property
    def execution_id(self) -> int | None:
        text = self.properties.get("spark.sql.execution.id", "")
        return int(text) if text.isdigit() else None


@dataclass(frozen=True, slots=True)
class Executor:
    """An executor; one that was only ever removed has no host and no `added` time."""

    id: str
    host: str | None
    cores: int | None
    added: int | None
    removed: int | None
    removal_reason: str | None
    exit_code: int | None
    added_at: Place | None
    removed_at: Place | None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """An executor or a node that Spark stopped using; `event` is Spark's own event name."""

    event: str
    executor_id: str | None
    host: str | None
    stage_id: int | None
    time: int | None
    place: Place


@dataclass(frozen=True, slots=True)
class SqlExecution:
    """A SQL execution; `error` is "" when it was fine, None while it runs or is not said.

    The plan is not kept: `plan_at` is where its last version stands.
    """

    id: int
    root_id: int | None
    description: str
    details: str
    started: int | None
    ended: int | None
    error: str | None
    job_ids: tuple[int, ...]
    plan_at: Place | None
    place: Place | None
    ended_at: Place | None


@dataclass(frozen=True, slots=True)
class StreamingQuery:
    """One run of a streaming query; `exception` holds the trace it ended with, if it failed."""

    id: str
    run_id: str
    name: str | None
    started: int | None
    last_progress: int | None
    last_batch: int | None
    terminated: bool
    exception: str | None
    error_class: str | None
    place: Place | None
    terminated_at: Place | None


@dataclass(frozen=True, slots=True)
class ConnectSession:
    id: str
    user: str
    started: int | None
    closed: int | None
    place: Place | None


@dataclass(frozen=True, slots=True)
class ConnectOperation:
    """One operation of a Connect server; `state` is the last of its events, in lower case.

    `error` is the message of its failure; `place` is the start, `settled_at` the event that
    finished, failed or cancelled it. `tags` are those of the session and of the operation.
    """

    id: str
    session_id: str
    user: str
    job_tag: str
    statement: str
    tags: tuple[str, ...]
    started: int | None
    analyzed: int | None
    finished: int | None
    failed: int | None
    cancelled: int | None
    closed: int | None
    error: str | None
    place: Place | None
    settled_at: Place | None

    @property
    def state(self) -> str:
        names = ("failed", "cancelled", "finished", "closed", "analyzed", "started")
        return next((name for name in names if getattr(self, name) is not None), "unknown")


@dataclass(frozen=True, slots=True)
class Compute:
    """A resource profile: what executors and tasks ask for, in Spark's names and units."""

    id: int
    executor: Mapping[str, float]
    task: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Application:
    """Everything that one attempt's event log says.

    `exit_code` is Spark's own and is 0 in failed runs, too. `ended` means ApplicationEnd was seen;
    `in_progress` means the log's name or its appstatus file still says so. `overflow` counts task
    failures that belong to none of the bounded `failures`. `events` counts by kind.
    """

    id: str
    attempt_id: str | None
    name: str
    user: str
    spark_version: str
    start: int | None
    end: int | None
    exit_code: int | None
    ended: bool
    ended_at: Place | None
    started_at: Place | None
    in_progress: bool
    last: LastEvent | None
    environment: Environment
    compute: tuple[Compute, ...]
    jobs: Mapping[int, Job]
    stages: Mapping[StageKey, Stage]
    executors: Mapping[str, Executor]
    exclusions: tuple[Exclusion, ...]
    executions: Mapping[int, SqlExecution]
    queries: tuple[StreamingQuery, ...]
    sessions: Mapping[str, ConnectSession]
    operations: Mapping[str, ConnectOperation]
    failures: tuple[TaskFailures, ...]
    overflow: int
    damage: tuple[Damage, ...]
    events: Mapping[str, int]
    files: tuple[str, ...]
    size: int

    @property
    def tasks_in_flight(self) -> int:
        """Tasks that started and have no end in the log."""
        started = self.events.get("SparkListenerTaskStart", 0)
        return max(0, started - self.events.get("SparkListenerTaskEnd", 0))
