"""What an event log lacks: events that Spark dropped, or that a cut took.

Spark drops events when the queue of its event log writer is full, and says so only in the driver's
log. What was dropped shows as work that began or ended alone, and as numbers left out.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from dragoman_spark.eventlog.facts import Application, JobResult
from dragoman_spark.eventlog.places import DamageKind
from dragoman_spark.eventlog.tasks import Stage, StageStatus
from dragoman_spark.logs.digest import Digest
from dragoman_spark.outcome import Outcome, final_failure
from dragoman_spark.verdict.causes import Confidence
from dragoman_spark.verdict.model import Verdict

__all__ = ["Missing", "less_sure", "missing"]

_HOLES = {DamageKind.BAD_LINE, DamageKind.LONG_LINE, DamageKind.MISSING_FILE}
_ALWAYS = ("SparkListenerApplicationStart", "SparkListenerEnvironmentUpdate")
_MOST_LEFT_OUT = 10_000_000
_STEP = {Confidence.HIGH: Confidence.MEDIUM, Confidence.MEDIUM: Confidence.LOW}


@dataclass(frozen=True, slots=True)
class Missing:
    """Ends that are not in the log, starts that are not, and what the driver's log says of it.

    `tasks` counts at least the ends that completed stages lack. `dropped` is Spark's own count.
    `lost` means that events are missing from between others, not just after the last.
    """

    tasks: int
    stages: int
    jobs: int
    executions: int
    starts: int
    dropped: int
    lost: bool

    def __str__(self) -> str:
        """One sentence; empty where nothing is missing."""
        ends = [
            f"{count} {noun}{'' if count == 1 else 's'}"
            for count, noun in (
                (self.tasks, "task"),
                (self.stages, "stage"),
                (self.jobs, "job"),
                (self.executions, "SQL execution"),
            )
            if count
        ]
        listed = ", ".join(ends)
        if not self.lost:
            return f"event log has no end of {listed}" if ends else ""
        parts = [f"no end of {listed}"] if ends else []
        if self.starts:
            parts.append(f"no start of {self.starts} jobs, stages, tasks or SQL executions")
        if self.dropped:
            parts.append(f"Spark says it dropped {self.dropped}")
        return "event log lacks events, times and counts are too low: " + (
            "; ".join(parts) or "broken or missing parts"
        )


def missing(application: Application, driver: Sequence[Digest] = ()) -> Missing:
    """What is missing from an application's event log, as far as the rest of it shows."""
    dropped = sum(digest.lost_events for digest in driver)
    stages = list(application.stages.values())
    whole = all(one.kind is not DamageKind.COMPACTED for one in application.damage)
    short = sum(_short(stage) for stage in stages) if whole else 0
    starts = _starts(application, stages) if whole else 0
    found = Missing(
        tasks=max(application.tasks_in_flight, short),
        stages=sum(stage.status is StageStatus.RUNNING for stage in stages),
        jobs=sum(job.result is JobResult.NONE for job in application.jobs.values()),
        executions=sum(one.ended is None for one in application.executions.values()),
        starts=starts,
        dropped=dropped,
        lost=False,
    )
    lost = bool(dropped or short or starts or _contradicts(application, found))
    return replace(found, lost=lost)


def less_sure(
    verdict: Verdict, application: Application, driver: Sequence[Digest], gone: Missing
) -> Verdict:
    """The verdict with what is missing said, and one step less sure where it may rest on that."""
    said = str(gone)
    told = replace(verdict, not_read=(said, *verdict.not_read)) if said else verdict
    firm = _by_the_driver(verdict, driver)
    if firm or not (gone.lost or (not driver and _may_have_ended(verdict, application, gone))):
        outcome = verdict.outcome_confidence
    else:
        outcome = _lower(verdict.outcome_confidence)
    cause = verdict.confidence
    if cause is not None and (outcome is not verdict.outcome_confidence or gone.lost):
        cause = cause if firm and not _cites_events(verdict, application) else _lower(cause)
    return replace(told, outcome_confidence=outcome, confidence=cause)


def _may_have_ended(verdict: Verdict, application: Application, gone: Missing) -> bool:
    """Whether just the end event may be missing: nothing was open, or Spark closed the log."""
    nothing_open = not (gone.jobs or gone.executions or gone.stages)
    vanished = verdict.outcome is Outcome.VANISHED
    return vanished and (nothing_open or not application.in_progress)


def _by_the_driver(verdict: Verdict, driver: Sequence[Digest]) -> bool:
    """Whether the outcome stands without the event log: the driver's last words tell it."""
    if verdict.outcome is not Outcome.FAILED or verdict.outcome_confidence is not Confidence.HIGH:
        return False
    last = final_failure(driver)
    return last is None or last.group is None or last.group.trailing == 0


def _cites_events(verdict: Verdict, application: Application) -> bool:
    return not verdict.evidence or verdict.evidence[0].place.file in application.files


def _lower(confidence: Confidence) -> Confidence:
    return _STEP.get(confidence, Confidence.LOW)


def _short(stage: Stage) -> int:
    """Ends that a completed stage lacks."""
    if stage.status is not StageStatus.COMPLETE:
        return 0
    return max(0, stage.num_tasks - stage.succeeded)


def _starts(application: Application, stages: Sequence[Stage]) -> int:
    """Things of which only a later event is there, and numbers that were left out."""
    jobs, executions = application.jobs, application.executions
    of_jobs = {stage for job in jobs.values() for stage in job.stage_ids}
    of_executions = {
        job.execution_id for job in jobs.values() if job.execution_id is not None
    } - executions.keys()
    ended = application.events.get("SparkListenerTaskEnd", 0)
    return sum(
        (
            sum(job.started_at is None for job in jobs.values()),
            sum(stage.started_at is None for stage in stages),
            sum(one.place is None for one in executions.values()),
            len({stage.id for stage in stages} - of_jobs),
            _left_out(jobs),
            len(of_executions),
            _left_out({*executions, *of_executions}),
            max(0, ended - application.events.get("SparkListenerTaskStart", 0)),
            *_unseen(application),
        )
    )


def _left_out(ids: Collection[int]) -> int:
    """How many numbers from 0 on are not there, as Spark gives them one after another."""
    gap = max(ids) + 1 - len(set(ids)) if ids else 0
    return gap if 0 <= gap < _MOST_LEFT_OUT else 1


def _unseen(application: Application) -> Iterator[int]:
    """Events that every log has, but for one that was cut before them."""
    if application.jobs or application.ended:
        yield from (int(kind not in application.events) for kind in _ALWAYS)


def _contradicts(application: Application, found: Missing) -> bool:
    """Whether something is still open that must be over, or lines are known to be broken."""
    if application.ended and (found.jobs or found.executions or found.stages):
        return True
    if any(one.kind in _HOLES for one in application.damage):
        return True
    over = {
        stage
        for job in application.jobs.values()
        if job.result is JobResult.SUCCEEDED
        for stage in job.stage_ids
    }
    return _any_running(application.stages.values(), over)


def _any_running(stages: Iterable[Stage], ids: Collection[int]) -> bool:
    return any(stage.status is StageStatus.RUNNING and stage.id in ids for stage in stages)
