"""Tasks summed by stage, and failed tasks grouped by what they say."""

import math
import struct
import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from dragoman_spark.eventlog.places import Place

_TOP = 3 if sys.byteorder == "little" else 0


class StageKey(NamedTuple):
    id: int
    attempt: int


class StageStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(slots=True)
class Sums:
    """Task metrics added up; `peak_memory_bytes` and `max_result_bytes` are maxima.

    Cpu and shuffle write times are nanoseconds, all others milliseconds, as Spark writes them.
    """

    tasks: int = 0
    run_ms: int = 0
    cpu_ns: int = 0
    gc_ms: int = 0
    deserialize_ms: int = 0
    result_bytes: int = 0
    max_result_bytes: int = 0
    memory_spill_bytes: int = 0
    disk_spill_bytes: int = 0
    peak_memory_bytes: int = 0
    input_bytes: int = 0
    input_records: int = 0
    output_bytes: int = 0
    output_records: int = 0
    shuffle_read_bytes: int = 0
    shuffle_read_records: int = 0
    fetch_wait_ms: int = 0
    shuffle_write_bytes: int = 0
    shuffle_write_records: int = 0
    shuffle_write_ns: int = 0


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts in 16 buckets per octave, so a quantile is right within 1/16 of its value.

    A bucket is named by the upper 16 bits of its smallest value as a double.
    """

    counts: Mapping[int, int] = field(default_factory=dict[int, int])

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def quantile(self, share: float) -> int | None:
        """The lower edge of the bucket that holds the given share (0 to 1) of all values."""
        left = share * self.total
        for bucket in sorted(self.counts):
            left -= self.counts[bucket]
            if left <= 0:
                return edge(bucket)
        return None


def buckets_of(values: Sequence[int]) -> list[int]:
    """The bucket of each value: the exponent and the first four bits of it as a double."""
    doubles = memoryview(array("d", values)).cast("B").cast("H")
    return doubles[_TOP::4].tolist()


def edge(bucket: int) -> int:
    """The smallest value of a bucket."""
    (value,) = struct.unpack(">d", struct.pack(">Hxxxxxx", bucket))
    return math.ceil(value)


@dataclass(frozen=True, slots=True)
class SlowTask:
    """One of the longest tasks of a stage; `read_bytes` is input and shuffle read together."""

    task_id: int
    index: int
    attempt: int
    executor_id: str
    duration_ms: int
    read_bytes: int
    place: Place


@dataclass(frozen=True, slots=True)
class Stage:
    """One attempt of a stage.

    `durations` (ms) and `reads` (bytes of input and shuffle) count tasks that succeeded.
    `by_executor` gives tasks and summed run time of the first 256 executors; `sums` are of all
    tasks that reported metrics.
    """

    id: int
    attempt: int
    name: str
    details: str
    status: StageStatus
    failure: str | None
    submitted: int | None
    completed: int | None
    num_tasks: int
    succeeded: int
    failed: int
    killed: int
    speculative: int
    sums: Sums
    durations: Histogram
    reads: Histogram
    slowest: tuple[SlowTask, ...]
    by_executor: Mapping[str, tuple[int, int]]
    parents: tuple[int, ...]
    started_at: Place | None
    ended_at: Place | None


class ReasonKind(StrEnum):
    EXCEPTION = "ExceptionFailure"
    FETCH_FAILED = "FetchFailed"
    EXECUTOR_LOST = "ExecutorLostFailure"
    KILLED = "TaskKilled"
    RESULT_LOST = "TaskResultLost"
    RESUBMITTED = "Resubmitted"
    COMMIT_DENIED = "TaskCommitDenied"
    UNKNOWN = "UnknownReason"


@dataclass(frozen=True, slots=True)
class FailedTask:
    """One failed or killed task of a group, in the order of the log."""

    task_id: int
    index: int
    attempt: int
    executor_id: str
    time: int | None
    place: Place


@dataclass(frozen=True, slots=True)
class TaskFailures:
    """Task ends of one stage attempt that say the same.

    `reason` is Spark's name (`reason_text`, where it is none of ours). `description` is the
    exception's message, the fetch failure's message, the loss reason or the kill reason; `trace`
    the full stack trace of the first, at most 32 kB. `tasks` counts distinct partitions, exactly
    up to 1,000. `fetched_from` are the executors a fetch failed from. `sample` holds the first
    eight.
    """

    reason: ReasonKind
    reason_text: str
    class_name: str | None
    description: str
    trace: str
    stage: StageKey
    count: int
    tasks: int
    executor_ids: tuple[str, ...]
    caused_by_app: bool | None
    fetched_from: tuple[str, ...]
    exit_code: int | None
    first_time: int | None
    last_time: int | None
    first: Place
    last: Place
    sample: tuple[FailedTask, ...]
