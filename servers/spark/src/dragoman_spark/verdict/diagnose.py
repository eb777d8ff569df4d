"""The verdict on one application."""

from dragoman_spark.eventlog.facts import Application
from dragoman_spark.logs.process import ProcessLogs
from dragoman_spark.outcome import Ending, Failure, Outcome, Source, judge
from dragoman_spark.verdict.aside import next_call, not_read, ruled_out
from dragoman_spark.verdict.case import Case, first_line
from dragoman_spark.verdict.causes import Cause, Certainty, Confidence
from dragoman_spark.verdict.model import Citation, OperationVerdict, Suspect, Verdict
from dragoman_spark.verdict.suspects import find_suspect
from dragoman_spark.verdict.vanished import find_end

__all__ = ["diagnose"]

_EVIDENCE = 5
_RANK = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)


def diagnose(application: Application | None, logs: ProcessLogs, now: int) -> Verdict:
    """Outcome, cause, confidence and evidence, from the event log's facts and the process logs.

    Either may be missing. `now` (milliseconds since the epoch) tells running from vanished.
    """
    ending = judge(application, logs.driver, now, has_stdout=logs.has_stdout)
    case = Case(application, logs, ending)
    if ending.outcome is Outcome.FAILED:
        return _verdict(case, find_suspect(case))
    if ending.outcome is Outcome.VANISHED:
        return _verdict(case, find_end(case))
    return _verdict(case, None)


def _verdict(case: Case, suspect: Suspect | None) -> Verdict:
    ending = case.ending
    return Verdict(
        outcome=ending.outcome,
        outcome_confidence=Confidence(ending.sure.value),
        why=ending.why,
        cause=suspect.cause if suspect else None,
        confidence=_confidence(ending, suspect) if suspect else None,
        condition=suspect.condition if suspect else None,
        says=suspect.says if suspect else "",
        evidence=_evidence(case, suspect),
        frames=suspect.frames if suspect else (),
        operations=_operations(case) if ending.outcome is Outcome.MIXED else (),
        ruled_out=ruled_out(case, suspect),
        not_read=not_read(case),
        next_call=next_call(case, suspect),
    )


def _confidence(ending: Ending, suspect: Suspect) -> Confidence:
    """High only where the class is stated and the outcome itself is sure."""
    if suspect.cause is Cause.VANISHED_CAUSE_NOT_IN_LOGS:
        return Confidence(ending.sure.value)
    if suspect.certainty is Certainty.STATED:
        return Confidence(ending.sure.value)
    ceiling = Confidence.MEDIUM if suspect.certainty is Certainty.IMPLIED else Confidence.LOW
    return min(ceiling, Confidence(ending.sure.value), key=_RANK.index)


def _evidence(case: Case, suspect: Suspect | None) -> tuple[Citation, ...]:
    """The suspect's citations and what ended the application, at most five lines."""
    cited = list(suspect.citations) if suspect else []
    for failure in case.ending.failures if suspect else ():
        if failure.place is not None:
            cited.append(Citation(failure.place, _role(failure), first_line(failure.text, 160)))
    application = case.application
    if application is not None and application.ended_at is not None and not cited:
        cited.append(
            Citation(application.ended_at, "end of the application", "SparkListenerApplicationEnd")
        )
    if application is not None and application.last is not None and not application.ended:
        last = application.last
        cited.append(Citation(last.place, "last event of the log", last.kind))
    once = {citation.place: citation for citation in reversed(cited)}
    kept = [citation for citation in cited if once.pop(citation.place, None) is not None]
    return tuple(kept[:_EVIDENCE])


def _role(failure: Failure) -> str:
    return f"{failure.source} {failure.id} failed" if failure.id else "the driver's last words"


def _operations(case: Case) -> tuple[OperationVerdict, ...]:
    found = [_operation(case, failure) for failure in case.ending.failures]
    return tuple(found)


def _operation(case: Case, failure: Failure) -> OperationVerdict:
    reason, _ = case.reason(failure.text)
    known = None
    if failure.source is Source.OPERATION and case.application is not None:
        known = case.application.operations.get(failure.id)
    says = first_line(reason.thrown.text if reason.thrown else failure.text, 200)
    confidence = {
        Certainty.STATED: Confidence.HIGH,
        Certainty.IMPLIED: Confidence.MEDIUM,
    }.get(reason.certainty, Confidence.LOW)
    return OperationVerdict(
        id=failure.id,
        user=known.user if known else "",
        tags=known.tags if known else (),
        cause=reason.cause or Cause.UNKNOWN_FAILURE,
        confidence=confidence,
        condition=reason.condition,
        says=says,
        citation=Citation(failure.place, _role(failure), says) if failure.place else None,
    )
