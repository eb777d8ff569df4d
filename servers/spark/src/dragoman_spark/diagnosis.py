"""A verdict as an agent gets it: bounded, with evidence that can be opened again."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dragoman.answer.evidence import evidence_of
from dragoman.answer.handover import Handover
from dragoman.answer.text import cost
from dragoman.answer.untrusted import Untrusted
from dragoman_spark.eventlog.facts import Application
from dragoman_spark.eventlog.read import NotAnEventLog, PlaceGone, read_line
from dragoman_spark.eventlog.summaries import Summaries
from dragoman_spark.logs.process import ProcessLogs
from dragoman_spark.outcome import Outcome
from dragoman_spark.report import Cited, Diagnosis, FailedOperation
from dragoman_spark.sources import Found, LogUnreadable, Sources
from dragoman_spark.verdict import (
    MEANING,
    Citation,
    Confidence,
    OperationVerdict,
    Verdict,
    diagnose,
)
from dragoman_spark.verdict.missing import less_sure, missing

# Paths, hashes and numbers cost up to 1.4 tokens for four bytes: 600 tokens are 430 times four.
MOST_TOKENS = 430
_LONGEST_SAYS = 160
_LONGEST_QUOTE = 110
_NO_EVENT = "event log: its files hold no event"
_QUIET_MS = 10 * 60_000


def diagnosed(
    found: Found,
    sources: Sources,
    summaries: Summaries,
    *,
    others: Sequence[Found] = (),
    now: int | None = None,
) -> Diagnosis:
    """The diagnosis of one attempt, at most 600 tokens; blocks while it reads.

    `others` are further attempts, which are only mentioned; `now` is milliseconds since the
    epoch, the present when not given. Raises NotAnEventLog and LogUnreadable.
    """
    beside = sources.logs(found)
    application = _facts(found, summaries, has_logs=bool(beside.driver or beside.executors))
    logs = ProcessLogs(beside.driver, beside.executors)
    present = now or int(time.time() * 1000)
    verdict = diagnose(application, logs, present)
    if application is None:
        verdict = _without_events(verdict, found, logs, present)
        if not found.logs_only:
            verdict = replace(verdict, not_read=(_NO_EVENT, *verdict.not_read))
    else:
        verdict = less_sure(verdict, application, logs.driver, missing(application, logs.driver))
    evidence = list(_evidence(verdict, sources))
    name = application.name if application else found.name
    answer = Diagnosis(
        application_id=found.app_id,
        attempt=found.attempt_id,
        name=Untrusted(name) if name else None,
        root=found.root,
        outcome=verdict.outcome.value,
        outcome_confidence=verdict.outcome_confidence.value,
        why=verdict.why,
        cause=verdict.cause,
        meaning=MEANING[verdict.cause] if verdict.cause else "",
        confidence=verdict.confidence,
        condition=verdict.condition,
        says=_clipped(verdict.says, _LONGEST_SAYS) if verdict.says else None,
        user_frames=[Untrusted(f"{f.file}:{f.line} {f.name}") for f in verdict.frames[:2]],
        evidence=evidence,
        operations=[_operation(one) for one in verdict.operations],
        ruled_out=list(verdict.ruled_out),
        not_read=list(verdict.not_read),
        other_attempts=[_attempt(other, summaries) for other in others[:3]],
        advice=verdict.next_call.why if verdict.next_call else "",
        next=_next(verdict, found, evidence),
    )
    return _fitted(answer)


def _facts(found: Found, summaries: Summaries, *, has_logs: bool) -> Application | None:
    """The event log's facts; None where it holds no event and only process logs can tell."""
    if found.logs_only:
        return None
    try:
        application = summaries.application(found)
    except NotAnEventLog:
        if has_logs:
            return None
        raise
    return None if has_logs and not application.events else application


def _without_events(verdict: Verdict, found: Found, logs: ProcessLogs, now: int) -> Verdict:
    """What the missing end of a driver's log is worth where there is no event log."""
    if verdict.outcome is not Outcome.VANISHED:
        return verdict
    if abs(now - found.mtime) <= _QUIET_MS:
        why = "its logs have no end and grew in the last ten minutes"
        sure = replace(verdict, outcome_confidence=Confidence.LOW, why=why)
        return replace(sure, outcome=Outcome.RUNNING, cause=None, confidence=None, next_call=None)
    if not logs.driver:
        why = "there is neither an event log nor a driver log, only executors' logs"
        return replace(
            verdict, outcome_confidence=Confidence.LOW, why=why, confidence=Confidence.LOW
        )
    return verdict


def _evidence(verdict: Verdict, sources: Sources) -> Iterator[Cited]:
    for citation in verdict.evidence:
        try:
            raw = read_line(sources.file(citation.place.file), citation.place)
        except (PlaceGone, LogUnreadable):
            continue
        place = citation.place
        line = evidence_of(place.file, place.offset, place.line, raw, _span(raw, citation))
        yield Cited(
            file=line.file,
            offset=line.offset,
            line=line.line,
            sha256=line.sha256,
            quote=Untrusted(_around(line.quote, citation.quote)),
            shows=citation.shows,
        )


def _around(quote: str, words: str) -> str:
    """The part of a quote that decides, with a little before it."""
    at = max(0, quote.find(words[:20]) - 20)
    cut = quote[at : at + _LONGEST_QUOTE]
    return f"{'…' if at else ''}{cut}{'…' if at + _LONGEST_QUOTE < len(quote) else ''}"


def _span(raw: bytes, citation: Citation) -> tuple[int, int] | None:
    """Where the decisive words stand in the line, plain or as JSON writes them."""
    words = citation.quote.split("\n")[0][:80]
    for form in (words, json.dumps(words)[1:-1], json.dumps(words, ensure_ascii=False)[1:-1]):
        at = raw.find(form.encode())
        if words and at >= 0:
            return at, at + len(form.encode())
    return None


def _operation(one: OperationVerdict) -> FailedOperation:
    return FailedOperation(
        operation=one.id,
        user=Untrusted(one.user),
        tags=[Untrusted(tag) for tag in one.tags[:3]],
        cause=one.condition or one.cause.value,
        confidence=one.confidence.value,
        says=_clipped(one.says, 120),
    )


def _attempt(found: Found, summaries: Summaries) -> str:
    if found.logs_only:
        return f"attempt {found.attempt_id or '?'} has no event log"
    application = summaries.application(found)
    jobs = sum(job.result == "failed" for job in application.jobs.values())
    state = "ended" if application.ended else "has no end in its log"
    return f"attempt {found.attempt_id or '?'} {state}, {jobs} failed jobs"


def _next(verdict: Verdict, found: Found, evidence: Sequence[Cited]) -> Handover | None:
    step = verdict.next_call
    if step is None or not step.tool:
        return None
    arguments: dict[str, str | int] = dict(step.arguments)
    if step.tool == "get_overview":
        attempt = {"attempt": found.attempt_id} if found.attempt_id else {}
        arguments = {"application_id": found.app_id, **attempt}
    for cited in evidence:
        if (cited.file, cited.offset) == (arguments.get("file"), arguments.get("offset")):
            arguments |= {"line": cited.line, "sha256": cited.sha256}
    return Handover(server="spark", tool=step.tool, arguments=arguments)


def _clipped(says: str, longest: int) -> Untrusted:
    # Cleaned before it is cut: half a secret is not recognised.
    clean = Untrusted(says)
    return clean if len(clean) <= longest else Untrusted(clean[:longest] + "…")


def _fitted(answer: Diagnosis) -> Diagnosis:
    """Less of the longest lists until the answer fits; what went is counted."""
    dropped: dict[str, int] = {}
    while cost(answer) > MOST_TOKENS:
        longest = max(
            ("operations", "evidence", "ruled_out", "not_read"),
            key=lambda name: _room(answer, name),
        )
        if _room(answer, longest) == 0:
            break
        getattr(answer, longest).pop()
        dropped[longest] = dropped.get(longest, 0) + 1
        answer.left_out = [f"{count} of {name}" for name, count in sorted(dropped.items())]
    return answer


def _room(answer: Diagnosis, name: str) -> int:
    """Bytes that a list could still give up; the first of each stays."""
    entries: list[object] = getattr(answer, name)
    return len(str(entries)) if len(entries) > 1 else 0
