"""An application's shape at a glance: what ran, what it cost, what it was set to."""

import re
from collections.abc import Iterator, Sequence

from pydantic import BaseModel, Field

from dragoman.answer.budget import Budget, Coverage, fit
from dragoman.answer.untrusted import Untrusted
from dragoman_spark.eventlog.facts import Application, JobResult
from dragoman_spark.eventlog.tasks import Stage, StageStatus
from dragoman_spark.models import dearer, utc
from dragoman_spark.sources import Found
from dragoman_spark.verdict.missing import missing

# Settings that decide memory, parallelism, joins and where data is; the rest is seldom a cause.
_TELLING = (
    "spark.executor.memory",
    "spark.executor.memoryOverhead",
    "spark.executor.cores",
    "spark.executor.instances",
    "spark.driver.memory",
    "spark.driver.maxResultSize",
    "spark.memory.fraction",
    "spark.dynamicAllocation.enabled",
    "spark.dynamicAllocation.maxExecutors",
    "spark.sql.shuffle.partitions",
    "spark.sql.adaptive.enabled",
    "spark.sql.autoBroadcastJoinThreshold",
    "spark.sql.broadcastTimeout",
    "spark.sql.ansi.enabled",
    "spark.speculation",
    "spark.task.maxFailures",
    "spark.serializer",
)
_VALUE = re.compile(r"[A-Za-z0-9_.:/*,+\[\]-]{1,200}")
_FIXED_TOKENS = 500


class StageRow(BaseModel):
    """One stage attempt. Times are task time summed, in seconds; sizes are MB of 10^6 bytes."""

    stage: str = Field(description="id.attempt")
    name: Untrusted
    status: str
    tasks: int
    failed: int = 0
    task_s: float
    p50_ms: int | None = None
    max_ms: int | None = None
    gc_s: float = 0
    read_mb: float = 0
    written_mb: float = 0
    spilled_mb: float = 0


class Counts(BaseModel):
    total: int = 0
    failed: int = 0
    unfinished: int = 0


class Overview(BaseModel):
    """The numbers are of the log; `damage` says what of it is missing or could not be read."""

    application_id: str
    attempt: str | None = None
    name: Untrusted | None = None
    root: str
    spark_version: str
    user: Untrusted | None = None
    master: str | None = None
    started: str = ""
    ended: str = ""
    wall_s: float | None = None
    jobs: Counts
    sql: Counts
    streaming: Counts
    operations: Counts
    executors: int
    executors_removed: int = 0
    tasks_failed: int = 0
    tasks_in_flight: int = Field(default=0, description="Started, without an end in the log")
    stages: list[StageRow]
    coverage: Coverage = Field(description="Of the stages")
    settings: dict[str, str] = Field(default_factory=dict[str, str])
    damage: list[str] = Field(default_factory=list[str])


def overview(application: Application, found: Found, budget: Budget) -> Overview:
    """The application within a budget of tokens: failed stages first, then the costliest."""
    rows = [_row(stage) for stage in _by_weight(list(application.stages.values()))]
    kept = fit(rows, dearer, budget.less("x" * 4 * _FIXED_TOKENS))
    wall = _wall_ms(application)
    return Overview(
        application_id=application.id or found.app_id,
        attempt=application.attempt_id,
        name=Untrusted(application.name) if application.name else None,
        root=found.root,
        spark_version=_plain(application.spark_version),
        user=Untrusted(application.user) if application.user else None,
        master=_plain(application.environment.master) or None,
        started=utc(application.start),
        ended=utc(application.end),
        wall_s=None if wall is None else round(wall / 1000, 1),
        jobs=_counts([_job_state(job.result) for job in application.jobs.values()]),
        sql=_counts([_error_state(e.ended, e.error) for e in application.executions.values()]),
        streaming=_counts(
            [_error_state(q.terminated or None, q.exception) for q in application.queries]
        ),
        operations=_counts(
            [
                _error_state(o.closed or o.finished or o.failed, o.error)
                for o in application.operations.values()
            ]
        ),
        executors=len(application.executors),
        executors_removed=sum(e.removed is not None for e in application.executors.values()),
        tasks_failed=sum(stage.failed for stage in application.stages.values()),
        tasks_in_flight=application.tasks_in_flight,
        stages=list(kept.items),
        coverage=kept.coverage,
        settings=dict(_settings(application)),
        damage=list(_damage(application)),
    )


def _damage(application: Application) -> Iterator[str]:
    if said := str(missing(application)):
        yield said
    yield from (f"{one.kind}: {one.file}" for one in application.damage[:5])


def _by_weight(stages: Sequence[Stage]) -> list[Stage]:
    return sorted(
        stages,
        key=lambda stage: (
            stage.status is not StageStatus.FAILED,
            -stage.sums.run_ms,
            stage.id,
            stage.attempt,
        ),
    )


def _row(stage: Stage) -> StageRow:
    sums = stage.sums
    return StageRow(
        stage=f"{stage.id}.{stage.attempt}",
        name=Untrusted(Untrusted(stage.name)[:60]),
        status=stage.status.value,
        tasks=stage.num_tasks,
        failed=stage.failed,
        task_s=_seconds(sums.run_ms),
        p50_ms=stage.durations.quantile(0.5),
        max_ms=stage.slowest[0].duration_ms if stage.slowest else None,
        gc_s=_seconds(sums.gc_ms),
        read_mb=_mb(sums.input_bytes + sums.shuffle_read_bytes),
        written_mb=_mb(sums.output_bytes + sums.shuffle_write_bytes),
        spilled_mb=_mb(sums.disk_spill_bytes),
    )


def _seconds(milliseconds: int) -> float:
    return round(max(0, milliseconds) / 1000, 1)


def _mb(size: int) -> float:
    return round(max(0, size) / 1e6, 1)


def _wall_ms(application: Application) -> int | None:
    """None also where a log with lost events would make it negative."""
    last = application.last.time if application.last else None
    end = application.end if application.end is not None else last
    if end is None or application.start is None or end < application.start:
        return None
    return end - application.start


def _counts(states: Sequence[str]) -> Counts:
    return Counts(
        total=len(states), failed=states.count("failed"), unfinished=states.count("unfinished")
    )


def _job_state(result: JobResult) -> str:
    return {"none": "unfinished"}.get(result.value, result.value)


def _error_state(ended: int | None, error: str | None) -> str:
    if error:
        return "failed"
    return "unfinished" if ended is None else "succeeded"


def _settings(application: Application) -> Iterator[tuple[str, str]]:
    for key in _TELLING:
        if value := _plain(application.environment.properties.get(key)):
            yield key, value


def _plain(value: str | None) -> str:
    """The value if it can be one of Spark's own; it stands unfenced, so a sentence is left out."""
    return value if value and _VALUE.fullmatch(value) else ""
