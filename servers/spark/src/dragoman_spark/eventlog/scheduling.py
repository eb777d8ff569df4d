"""Jobs, stages and executors, from Spark's core events."""

from dataclasses import replace

from dragoman_spark.eventlog import wire
from dragoman_spark.eventlog.facts import Compute, Exclusion, Executor, Job, JobResult
from dragoman_spark.eventlog.grouping import exit_code_in
from dragoman_spark.eventlog.handlers import Handler, Texts, handler
from dragoman_spark.eventlog.places import Place
from dragoman_spark.eventlog.tally import StageTally
from dragoman_spark.eventlog.tasks import StageKey

ERROR = 64_000
VALUE = 2_000
REASON = 4_000
EXCLUSIONS = 200

_OF_INTEREST = frozenset(
    {
        "spark.job.tags",
        "spark.jobGroup.id",
        "spark.job.description",
        "spark.sql.execution.id",
        "spark.sql.execution.root.id",
        "spark.scheduler.pool",
        "callSite.short",
        "sql.streaming.queryId",
        "sql.streaming.runId",
        "streaming.sql.batchId",
    }
)
_EXCLUSION_EVENTS = tuple(
    f"SparkListener{what}{how}"
    for how in ("Excluded", "Blacklisted")
    for what in ("Executor", "Node")
) + tuple(
    f"SparkListener{what}{how}ForStage"
    for how in ("Excluded", "Blacklisted")
    for what in ("Executor", "Node")
)


class Scheduling:
    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self.jobs: dict[int, Job] = {}
        self.tallies: dict[tuple[int, int], StageTally] = {}
        self.executors: dict[str, Executor] = {}
        self.exclusions: list[Exclusion] = []
        self.compute: list[Compute] = []

    def handlers(self) -> dict[str, Handler]:
        return {
            "SparkListenerJobStart": handler(wire.JobStart, self._job_start),
            "SparkListenerJobEnd": handler(wire.JobEnd, self._job_end),
            "SparkListenerStageSubmitted": handler(wire.StageEvent, self._stage_submitted),
            "SparkListenerStageCompleted": handler(wire.StageEvent, self._stage_completed),
            "SparkListenerExecutorAdded": handler(wire.ExecutorAdded, self._executor_added),
            "SparkListenerExecutorRemoved": handler(wire.ExecutorRemoved, self._executor_removed),
            "SparkListenerResourceProfileAdded": handler(wire.ResourceProfile, self._profile),
            **{name: self._exclusion(name) for name in _EXCLUSION_EVENTS},
        }

    def tally(self, stage_id: int, attempt: int) -> StageTally:
        key = StageKey(stage_id, attempt)
        found = self.tallies.get(key)
        if found is None:
            found = self.tallies[key] = StageTally(stage_id, attempt)
        return found

    def _job_start(self, event: wire.JobStart, place: Place) -> int | None:
        properties = event.properties or {}
        self.jobs[event.id] = Job(
            id=event.id,
            submitted=event.time,
            ended=None,
            result=JobResult.NONE,
            error=None,
            stage_ids=tuple(event.stage_ids or [stage.id for stage in event.stages]),
            properties={
                key: value[:VALUE]
                for key, value in properties.items()
                if key in _OF_INTEREST and value is not None
            },
            started_at=place,
            ended_at=None,
        )
        return event.time

    def _job_end(self, event: wire.JobEnd, place: Place) -> int | None:
        unknown = Job(event.id, None, None, JobResult.NONE, None, (), {}, None, None)
        succeeded = event.result.result == "JobSucceeded"
        exception = event.result.exception
        self.jobs[event.id] = replace(
            self.jobs.get(event.id, unknown),
            ended=event.time,
            result=JobResult.SUCCEEDED if succeeded else JobResult.FAILED,
            error=None if succeeded else self._texts.clip(_message(exception), ERROR),
            ended_at=place,
        )
        return event.time

    def _stage_submitted(self, event: wire.StageEvent, place: Place) -> int | None:
        self.tally(event.info.id, event.info.attempt).submitted(event.info, place)
        return event.info.submitted

    def _stage_completed(self, event: wire.StageEvent, place: Place) -> int | None:
        self.tally(event.info.id, event.info.attempt).completed(event.info, place)
        return event.info.completed

    def _executor_added(self, event: wire.ExecutorAdded, place: Place) -> int | None:
        self.executors[event.id] = replace(
            self._executor(event.id),
            host=event.info.host,
            cores=event.info.cores,
            added=event.time,
            added_at=place,
        )
        return event.time

    def _executor_removed(self, event: wire.ExecutorRemoved, place: Place) -> int | None:
        known = self._executor(event.id)
        if known.removed_at is None:
            reason = event.reason or ""
            self.executors[event.id] = replace(
                known,
                removed=event.time,
                removal_reason=self._texts.clip(reason, REASON),
                exit_code=exit_code_in(reason),
                removed_at=place,
            )
        return event.time

    def _executor(self, executor_id: str) -> Executor:
        unknown = Executor(executor_id, None, None, None, None, None, None, None, None)
        return self.executors.get(executor_id, unknown)

    def _exclusion(self, name: str) -> Handler:
        def note(event: wire.Excluded, place: Place) -> int | None:
            if len(self.exclusions) < EXCLUSIONS:
                self.exclusions.append(
                    Exclusion(
                        event=name,
                        executor_id=event.executor_id,
                        host=event.host_id,
                        stage_id=event.stage_id,
                        time=event.time,
                        place=place,
                    )
                )
            return event.time

        return handler(wire.Excluded, note)

    def _profile(self, event: wire.ResourceProfile, _place: Place) -> int | None:
        self.compute.append(
            Compute(
                id=event.id,
                executor={name: one.amount for name, one in event.executor.items()},
                task={name: one.amount for name, one in event.task.items()},
            )
        )
        return None


def _message(exception: wire.JobException | None) -> str:
    return (exception.message or "") if exception else ""
