"""Running sums of one stage attempt: what a task adds, and what the stage says of itself."""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import add, sub
from typing import TypeAlias

from msgspec.structs import astuple

from dragoman_spark.eventlog.places import Place
from dragoman_spark.eventlog.tasks import (
    Histogram,
    SlowTask,
    Stage,
    StageKey,
    StageStatus,
    Sums,
    buckets_of,
)
from dragoman_spark.eventlog.wire import (
    Input,
    Output,
    ShuffleRead,
    ShuffleWrite,
    StageInfo,
    TaskEnd,
    TaskInfo,
    TaskMetrics,
)

SLOWEST = 5
EXECUTORS = 256
DETAILS = 2_000
FAILURE = 16_000
_KILLED = frozenset({"TaskKilled", "TaskCommitDenied"})


Line: TypeAlias = tuple[int, int, int]


class Spots:
    """Where tasks stand in a file: (begin, end, line number) in a buffer that is at `base`."""

    def __init__(self, file: str, base: int, lines: Sequence[Line]) -> None:
        self._file = file
        self._base = base
        self._lines = lines

    def at(self, number: int) -> Place:
        begin, _, line = self._lines[number]
        return Place(self._file, self._base + begin, line)


_Slow: TypeAlias = tuple[int, TaskInfo, int, Place]


class StageTally:
    """Adds up tasks as they end; they may end before the stage is known and after it is done."""

    def __init__(self, stage_id: int, attempt: int) -> None:
        self._id = stage_id
        self._attempt = attempt
        self._info = StageInfo(id=stage_id, attempt=attempt)
        self._failure: str | None = None
        self._places: list[Place | None] = [None, None]
        self._slowest: list[_Slow] = []
        self._durations: Counter[int] = Counter()
        self._reads: Counter[int] = Counter()
        self._by_executor: dict[str, list[int]] = {}
        self.sums = Sums()
        self.succeeded = 0
        self.failed = 0
        self.killed = 0
        self.speculative = 0
        self._floor = -1
        self.latest = 0

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

    def add_successes(
        self, infos: Sequence[TaskInfo], metrics: Sequence[TaskMetrics], spots: "Spots"
    ) -> None:
        """Adds tasks that succeeded, column by column."""
        reads = self.add(metrics)
        columns = zip(*map(astuple, infos), strict=True)
        _, _, _, launched, executors, speculative, finished = columns
        durations = _durations(launched, finished)
        self.latest = max(self.latest, *finished)
        self.succeeded += len(infos)
        self.speculative += sum(speculative)
        self._durations.update(buckets_of([one for one in durations if one >= 0]))
        self._reads.update(buckets_of(reads))
        self._share(executors, metrics)
        if max(durations) > self._floor:
            order = sorted(range(len(durations)), key=durations.__getitem__, reverse=True)
            self._keep_slowest(
                (durations[at], infos[at], reads[at], spots.at(at))
                for at in order[:SLOWEST]
                if durations[at] >= 0
            )

    def ended(self, event: TaskEnd) -> None:
        """Counts a task that failed, was killed, or reported no metrics."""
        self.speculative += event.info.speculative
        if event.metrics is not None:
            self.add([event.metrics])
        if event.reason.kind == "Success":
            self.succeeded += 1
        elif event.reason.kind in _KILLED:
            self.killed += 1
        else:
            self.failed += 1

    def add(self, metrics: Sequence[TaskMetrics]) -> list[int]:
        """Adds metrics of tasks, however they ended; the bytes that each read."""
        sums = self.sums
        columns = tuple(zip(*map(astuple, metrics), strict=True))
        deserialize, run, cpu, peak, result, gc, memory, disk, read, write, taken, output = columns
        sums.tasks += len(metrics)
        sums.deserialize_ms += sum(deserialize)
        sums.run_ms += sum(run)
        sums.cpu_ns += sum(cpu)
        sums.gc_ms += sum(gc)
        sums.result_bytes += sum(result)
        sums.max_result_bytes = max(sums.max_result_bytes, *result)
        sums.peak_memory_bytes = max(sums.peak_memory_bytes, *peak)
        sums.memory_spill_bytes += sum(memory)
        sums.disk_spill_bytes += sum(disk)
        self._add_written(write, output)
        return self._add_read(read, taken)

    def _add_read(self, reads: Sequence[ShuffleRead], inputs: Sequence[Input]) -> list[int]:
        sums = self.sums
        waits, remotes, locals_, records = zip(*map(astuple, reads), strict=True)
        sizes, input_records = zip(*map(astuple, inputs), strict=True)
        shuffled = list(map(add, remotes, locals_))
        sums.fetch_wait_ms += sum(waits)
        sums.shuffle_read_bytes += sum(shuffled)
        sums.shuffle_read_records += sum(records)
        sums.input_bytes += sum(sizes)
        sums.input_records += sum(input_records)
        return list(map(add, shuffled, sizes))

    def _add_written(self, writes: Sequence[ShuffleWrite], outputs: Sequence[Output]) -> None:
        sums = self.sums
        sizes, times, records = zip(*map(astuple, writes), strict=True)
        out_sizes, out_records = zip(*map(astuple, outputs), strict=True)
        sums.shuffle_write_bytes += sum(sizes)
        sums.shuffle_write_ns += sum(times)
        sums.shuffle_write_records += sum(records)
        sums.output_bytes += sum(out_sizes)
        sums.output_records += sum(out_records)

    def _share(self, executors: Sequence[str], metrics: Sequence[TaskMetrics]) -> None:
        shares = self._by_executor
        for executor, one in zip(executors, metrics, strict=True):
            share = shares.get(executor)
            if share is not None:
                share[0] += 1
                share[1] += one.run_ms
            elif len(shares) < EXECUTORS:
                shares[executor] = [1, one.run_ms]

    def _keep_slowest(self, tasks: Iterable[_Slow]) -> None:
        self._slowest += tasks
        self._slowest.sort(key=lambda task: -task[0])
        del self._slowest[SLOWEST:]
        if len(self._slowest) == SLOWEST:
            self._floor = self._slowest[-1][0]

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
            slowest=tuple(map(_slow_task, self._slowest)),
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


def _durations(launched: Sequence[int], finished: Sequence[int]) -> list[int]:
    """Milliseconds of each task, -1 where its log line lacks or mixes up its start and end."""
    spans = list(map(sub, finished, launched))
    if min(spans) >= 0 and min(launched) > 0:
        return spans
    return [
        span if span >= 0 and begin > 0 else -1 for span, begin in zip(spans, launched, strict=True)
    ]


def _slow_task(task: _Slow) -> SlowTask:
    duration, info, read, place = task
    return SlowTask(
        task_id=info.id,
        index=info.index,
        attempt=info.attempt,
        executor_id=info.executor,
        duration_ms=duration,
        read_bytes=read,
        place=place,
    )
