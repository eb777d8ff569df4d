"""Running sums of one stage attempt: what a task adds, and what the stage says of itself."""

from dragoman_spark.eventlog.places import Place
from dragoman_spark.eventlog.tasks import (
    Histogram,
    SlowTask,
    Stage,
    StageKey,
    StageStatus,
    Sums,
    bucket_of,
)
from dragoman_spark.eventlog.wire import StageInfo, TaskInfo, TaskMetrics

SLOWEST = 5
EXECUTORS = 256
DETAILS = 2_000
FAILURE = 16_000


class StageTally:
    """Adds up tasks as they end; they may end before the stage is known and after it is done."""

    def __init__(self, stage_id: int, attempt: int) -> None:
        self._id = stage_id
        self._attempt = attempt
        self._info = StageInfo(id=stage_id, attempt=attempt)
        self._failure: str | None = None
        self._places: list[Place | None] = [None, None]
        self._slowest: list[tuple[int, SlowTask]] = []
        self._durations: dict[int, int] = {}
        self._reads: dict[int, int] = {}
        self._by_executor: dict[str, list[int]] = {}
        self.sums = Sums()
        self.succeeded = 0
        self.failed = 0
        self.killed = 0
        self.speculative = 0
        self.floor = -1

    @property
    def key(self) -> StageKey:
        return StageKey(self._id, self._attempt)

    def submitted(self, info: StageInfo, place: Place) -> None:
        if self._info.completed is None:
            self._info = info
        self._places[0] = place

    def completed(self, info: StageInfo, place: Place) -> None:
        """Takes over the end; a second end of the same attempt adds only what the first lacked."""
        if self._info.completed is None:
            self._info = info
            self._places[1] = place
        if info.failure and not self._failure:
            self._failure = info.failure[:FAILURE]
            self._places[1] = place

    def success(self, info: TaskInfo, metrics: TaskMetrics) -> tuple[int, int]:
        """Adds a task that succeeded; its duration (ms) and bytes read."""
        duration = max(0, info.finished - info.launched)
        read = self.add(metrics)
        self.succeeded += 1
        counts = self._durations
        bucket = bucket_of(duration)
        counts[bucket] = counts.get(bucket, 0) + 1
        counts = self._reads
        bucket = bucket_of(read)
        counts[bucket] = counts.get(bucket, 0) + 1
        share = self._by_executor.get(info.executor)
        if share is not None:
            share[0] += 1
            share[1] += metrics.run_ms
        elif len(self._by_executor) < EXECUTORS:
            self._by_executor[info.executor] = [1, metrics.run_ms]
        return duration, read

    def add(self, metrics: TaskMetrics) -> int:
        """Adds metrics of a task, however it ended; the bytes it read."""
        sums = self.sums
        sums.tasks += 1
        sums.run_ms += metrics.run_ms
        sums.cpu_ns += metrics.cpu_ns
        sums.gc_ms += metrics.gc_ms
        sums.deserialize_ms += metrics.deserialize_ms
        sums.result_bytes += metrics.result_bytes
        sums.max_result_bytes = max(sums.max_result_bytes, metrics.result_bytes)
        sums.peak_memory_bytes = max(sums.peak_memory_bytes, metrics.peak)
        if metrics.memory_spill or metrics.disk_spill:
            sums.memory_spill_bytes += metrics.memory_spill
            sums.disk_spill_bytes += metrics.disk_spill
        return self._add_data(metrics)

    def _add_data(self, metrics: TaskMetrics) -> int:
        sums = self.sums
        size = 0
        if (data := metrics.input) and (data.size or data.records):
            size = data.size
            sums.input_bytes += size
            sums.input_records += data.records
        if (read := metrics.read) and read.records:
            size += read.remote + read.local
            sums.shuffle_read_bytes += read.remote + read.local
            sums.shuffle_read_records += read.records
            sums.fetch_wait_ms += read.wait_ms
        if (write := metrics.write) and write.size:
            sums.shuffle_write_bytes += write.size
            sums.shuffle_write_records += write.records
            sums.shuffle_write_ns += write.time_ns
        if (out := metrics.output) and (out.size or out.records):
            sums.output_bytes += out.size
            sums.output_records += out.records
        return size

    def slow(self, task: SlowTask) -> None:
        """Keeps the task if it is among the slowest; `floor` is the duration it must exceed."""
        self._slowest.append((task.duration_ms, task))
        self._slowest.sort(key=lambda pair: -pair[0])
        del self._slowest[SLOWEST:]
        if len(self._slowest) == SLOWEST:
            self.floor = self._slowest[-1][0]

    def stage(self) -> Stage:
        info = self._info
        return Stage(
            id=self._id,
            attempt=self._attempt,
            name=info.name,
            details=info.details[:DETAILS],
            status=self._status(),
            failure=self._failure,
            submitted=info.submitted,
            completed=info.completed,
            num_tasks=info.tasks,
            succeeded=self.succeeded,
            failed=self.failed,
            killed=self.killed,
            speculative=self.speculative,
            sums=self.sums,
            durations=Histogram(dict(sorted(self._durations.items()))),
            reads=Histogram(dict(sorted(self._reads.items()))),
            slowest=tuple(task for _, task in self._slowest),
            by_executor={key: (share[0], share[1]) for key, share in self._by_executor.items()},
            parents=tuple(info.parents),
            started_at=self._places[0],
            ended_at=self._places[1],
        )

    def _status(self) -> StageStatus:
        if self._failure:
            return StageStatus.FAILED
        if self._info.completed is not None:
            return StageStatus.COMPLETE
        return StageStatus.PENDING if self._places[0] is None else StageStatus.RUNNING
