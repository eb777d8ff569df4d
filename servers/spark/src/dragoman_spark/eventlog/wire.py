"""The parts of Spark's event JSON that we read; every other key is skipped.

Source: org.apache.spark.util.JsonProtocol and the SQL, streaming and Connect listener events,
Spark 3.5 to 4.3. Keys that came or went between versions have defaults.
"""

from typing import Annotated

from msgspec import Meta, Struct, field

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:+-]{1,200}\Z")]
"""An id, which answers name unfenced: an event with a sentence in its place does not count."""


class ShuffleRead(Struct, gc=False):
    wait_ms: int = field(name="Fetch Wait Time", default=0)
    remote: int = field(name="Remote Bytes Read", default=0)
    local: int = field(name="Local Bytes Read", default=0)
    records: int = field(name="Total Records Read", default=0)


class ShuffleWrite(Struct, gc=False):
    size: int = field(name="Shuffle Bytes Written", default=0)
    time_ns: int = field(name="Shuffle Write Time", default=0)
    records: int = field(name="Shuffle Records Written", default=0)


class Input(Struct, gc=False):
    size: int = field(name="Bytes Read", default=0)
    records: int = field(name="Records Read", default=0)


class Output(Struct, gc=False):
    size: int = field(name="Bytes Written", default=0)
    records: int = field(name="Records Written", default=0)


class TaskMetrics(Struct, gc=False):
    """In Spark's own order, which is the order msgspec finds keys fastest in."""

    deserialize_ms: int = field(name="Executor Deserialize Time", default=0)
    run_ms: int = field(name="Executor Run Time", default=0)
    cpu_ns: int = field(name="Executor CPU Time", default=0)
    peak: int = field(name="Peak Execution Memory", default=0)
    result_bytes: int = field(name="Result Size", default=0)
    gc_ms: int = field(name="JVM GC Time", default=0)
    memory_spill: int = field(name="Memory Bytes Spilled", default=0)
    disk_spill: int = field(name="Disk Bytes Spilled", default=0)
    read: ShuffleRead = field(name="Shuffle Read Metrics", default_factory=ShuffleRead)
    write: ShuffleWrite = field(name="Shuffle Write Metrics", default_factory=ShuffleWrite)
    input: Input = field(name="Input Metrics", default_factory=Input)
    output: Output = field(name="Output Metrics", default_factory=Output)


class Address(Struct, gc=False):
    executor: str | None = field(name="Executor ID", default=None)
    host: str | None = field(name="Host", default=None)


class Reason(Struct, gc=False):
    kind: str = field(name="Reason", default="")
    class_name: str | None = field(name="Class Name", default=None)
    description: str | None = field(name="Description", default=None)
    trace: str | None = field(name="Full Stack Trace", default=None)
    loss: str | None = field(name="Loss Reason", default=None)
    by_app: bool | None = field(name="Exit Caused By App", default=None)
    kill: str | None = field(name="Kill Reason", default=None)
    message: str | None = field(name="Message", default=None)
    address: Address | None = field(name="Block Manager Address", default=None)


class TaskInfo(Struct, gc=False):
    id: int = field(name="Task ID")
    index: int = field(name="Index", default=-1)
    attempt: int = field(name="Attempt", default=0)
    launched: int = field(name="Launch Time", default=0)
    executor: str = field(name="Executor ID", default="")
    speculative: bool = field(name="Speculative", default=False)
    finished: int = field(name="Finish Time", default=0)


class Outcome(Struct, gc=False):
    kind: str = field(name="Reason", default="")


class TaskHead(Struct, gc=False, kw_only=True):
    """A task end up to its accumulables."""

    stage: int = field(name="Stage ID")
    attempt: int = field(name="Stage Attempt ID", default=0)
    outcome: Outcome = field(name="Task End Reason", default_factory=Outcome)
    info: TaskInfo = field(name="Task Info")


class TaskEnd(Struct, gc=False):
    stage: int = field(name="Stage ID")
    info: TaskInfo = field(name="Task Info")
    attempt: int = field(name="Stage Attempt ID", default=0)
    reason: Reason = field(name="Task End Reason", default_factory=Reason)
    metrics: TaskMetrics | None = field(name="Task Metrics", default=None)


class StageInfo(Struct):
    id: int = field(name="Stage ID")
    attempt: int = field(name="Stage Attempt ID", default=0)
    name: str = field(name="Stage Name", default="")
    tasks: int = field(name="Number of Tasks", default=0)
    parents: list[int] = field(name="Parent IDs", default_factory=list[int])
    details: str = field(name="Details", default="")
    submitted: int | None = field(name="Submission Time", default=None)
    completed: int | None = field(name="Completion Time", default=None)
    failure: str | None = field(name="Failure Reason", default=None)


class StageEvent(Struct):
    info: StageInfo = field(name="Stage Info")


class StageOfJob(Struct):
    id: int = field(name="Stage ID")


class JobStart(Struct):
    id: int = field(name="Job ID")
    time: int | None = field(name="Submission Time", default=None)
    stages: list[StageOfJob] = field(name="Stage Infos", default_factory=list[StageOfJob])
    stage_ids: list[int] = field(name="Stage IDs", default_factory=list[int])
    properties: dict[str, str | None] | None = field(name="Properties", default=None)


class JobException(Struct):
    message: str | None = field(name="Message", default=None)


class Result(Struct):
    result: str = field(name="Result", default="")
    exception: JobException | None = field(name="Exception", default=None)


class JobEnd(Struct):
    id: int = field(name="Job ID")
    time: int | None = field(name="Completion Time", default=None)
    result: Result = field(name="Job Result", default_factory=Result)


class LogStart(Struct):
    version: str = field(name="Spark Version", default="")


class ApplicationStart(Struct):
    name: str = field(name="App Name", default="")
    id: str | None = field(name="App ID", default=None)
    time: int | None = field(name="Timestamp", default=None)
    user: str = field(name="User", default="")
    attempt: str | None = field(name="App Attempt ID", default=None)


class ApplicationEnd(Struct):
    time: int | None = field(name="Timestamp", default=None)
    exit_code: int | None = field(name="ExitCode", default=None)


class EnvironmentUpdate(Struct):
    jvm: dict[str, str] = field(name="JVM Information", default_factory=dict[str, str])
    properties: dict[str, str] = field(name="Spark Properties", default_factory=dict[str, str])
    system: dict[str, str] = field(name="System Properties", default_factory=dict[str, str])


class Request(Struct):
    amount: float = field(name="Amount", default=0.0)


class ResourceProfile(Struct):
    id: int = field(name="Resource Profile Id")
    executor: dict[str, Request] = field(
        name="Executor Resource Requests", default_factory=dict[str, Request]
    )
    task: dict[str, Request] = field(
        name="Task Resource Requests", default_factory=dict[str, Request]
    )


class ExecutorInfo(Struct):
    host: str | None = field(name="Host", default=None)
    cores: int | None = field(name="Total Cores", default=None)


class ExecutorAdded(Struct):
    id: Id = field(name="Executor ID")
    time: int | None = field(name="Timestamp", default=None)
    info: ExecutorInfo = field(name="Executor Info", default_factory=ExecutorInfo)


class ExecutorRemoved(Struct):
    id: Id = field(name="Executor ID")
    time: int | None = field(name="Timestamp", default=None)
    reason: str | None = field(name="Removed Reason", default=None)


class Excluded(Struct, rename="camel"):
    time: int | None = None
    executor_id: str | None = None
    host_id: str | None = None
    stage_id: int | None = None


class SqlStart(Struct, rename="camel"):
    execution_id: int
    root_execution_id: int | None = None
    description: str = ""
    details: str = ""
    time: int | None = None
    job_tags: list[str] = field(default_factory=list[str])


class SqlPlan(Struct, rename="camel"):
    execution_id: int


class SqlEnd(Struct, rename="camel"):
    execution_id: int
    time: int | None = None
    error_message: str | None = None


class QueryStarted(Struct, rename="camel"):
    id: Id
    run_id: Id
    name: str | None = None
    timestamp: str | None = None


class Progress(Struct, rename="camel"):
    id: Id
    run_id: Id
    timestamp: str | None = None
    batch_id: int | None = None


class QueryProgress(Struct):
    progress: Progress


class QueryTerminated(Struct, rename="camel"):
    id: Id
    run_id: Id
    exception: str | None = None
    error_class_on_exception: str | None = None


class SessionEvent(Struct, rename="camel"):
    session_id: str
    user_id: str = ""
    event_time: int | None = None


class OperationEvent(Struct, rename="camel"):
    operation_id: Id
    job_tag: str = ""
    event_time: int | None = None
    session_id: str = ""
    user_id: str = ""
    statement_text: str = ""
    spark_session_tags: list[str] = field(default_factory=list[str])
    error_message: str | None = None
