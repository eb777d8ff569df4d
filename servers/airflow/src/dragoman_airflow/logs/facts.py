"""What a log says about the cause: from classes, codes and Airflow's own words, never a guess."""

import builtins
from collections.abc import Sequence
from dataclasses import dataclass

from dragoman_airflow.logs.causes import MEANING, VAGUE, Cause, Confidence
from dragoman_airflow.logs.endings import ending_of
from dragoman_airflow.logs.exceptions import Chain, Link, Raised, flattened
from dragoman_airflow.logs.failures import Role
from dragoman_airflow.logs.hints import Hint, find_hint
from dragoman_airflow.logs.kinds import DECISIVE, kind_of
from dragoman_airflow.logs.messages import Reading, read_message
from dragoman_airflow.logs.quoted import QuotedLine, quote
from dragoman_airflow.logs.reading import Failure, LogDigest

__all__ = ["Finding", "cause_of_chain", "find_cause"]

_FORESEEN = frozenset({"KeyError", "IndexError", "ValueError", "LookupError", "TypeError"})
_NO_VALUE = "No XCom value found"


@dataclass(frozen=True, slots=True)
class Finding:
    """The cause, how sure it is, and the line that decides; `hints` are lines said before it."""

    cause: Cause
    confidence: Confidence
    reason: str
    says: QuotedLine | None = None
    hints: tuple[QuotedLine, ...] = ()

    @property
    def meaning(self) -> str:
        return MEANING[self.cause]


def find_cause(digest: LogDigest) -> Finding:
    """The one cause that the log supports best; UNKNOWN, with the last words, if none."""
    ending = digest.ending
    if ending is None or (not ending.chain and ending.role is not Role.ENDING):
        return _of_lines(digest)
    if ending.chain:
        found = cause_of_chain(ending.chain)
    else:
        told = next((ln for ln in digest.evidence if ln.number == ending.line.number), None)
        found = ending_of(told) if told else None
    if found is None:
        found = Reading(Cause.UNKNOWN, Confidence.LOW, "the exception's class says nothing")
    if _is_missing_result(ending):
        found = Reading(
            Cause.MISSING_UPSTREAM_RESULT, Confidence.MEDIUM, "an XCom that was asked for is absent"
        )
    if found.cause in VAGUE:
        return _with_hint(found, ending, digest)
    return Finding(found.cause, found.confidence, found.reason, ending.line)


def cause_of_chain(chain: Chain) -> Reading | None:
    """What a chain says: from the outermost inwards, as far as the links are reasons.

    An exception raised `from` another is explained by it; one that came while another was being
    handled only where it says nothing itself.
    """
    for raised in flattened(chain):
        if raised.simple in DECISIVE:
            return Reading(DECISIVE[raised.simple], Confidence.HIGH, raised.simple)
    current: Reading | None = None
    for raised in reversed(chain):
        found = _of_raised(raised)
        if current is None:
            current = found
        elif found is not None:
            current = _combined(current, found, raised)
    return current


def _combined(outer: Reading, inner: Reading, raised: Raised) -> Reading:
    foreseen = raised.link is Link.CAUSE and raised.simple in _FORESEEN
    if foreseen and (outer.cause, inner.cause) == (Cause.EXPLICIT_FAILURE, Cause.CODE_ERROR):
        reason = f"the code foresaw {raised.simple} and raised its own exception from it"
        return Reading(Cause.BAD_DATA, Confidence.MEDIUM, reason)
    if inner.cause in VAGUE and outer.cause not in VAGUE:
        return outer
    if raised.link is Link.CAUSE or outer.cause in VAGUE:
        return inner
    return outer


def _of_raised(raised: Raised) -> Reading | None:
    if raised.members:
        return _of_group(raised.members)
    if said := read_message(raised):
        return said
    cause = kind_of(raised.simple, raised.package)
    if cause is not None:
        return Reading(cause, _confidence(cause, raised), raised.simple)
    if raised.is_from_user_code:
        return Reading(
            Cause.EXPLICIT_FAILURE,
            Confidence.MEDIUM,
            f"the task's own code raised {raised.simple}",
        )
    return None


def _confidence(cause: Cause, raised: Raised) -> Confidence:
    own = raised.is_from_user_code
    is_built_in = hasattr(builtins, raised.simple)
    if cause is Cause.CODE_ERROR:
        return Confidence.HIGH if own and raised.simple != "ValueError" else Confidence.MEDIUM
    if not is_built_in and own and "." not in raised.name:
        # Only the class's name is known, and the task's code may have its own by that name.
        return Confidence.MEDIUM
    return Confidence.MEDIUM if cause is Cause.OPERATION_TIMEOUT else Confidence.HIGH


def _of_group(members: Sequence[Chain]) -> Reading | None:
    found = [reading for chain in members if (reading := cause_of_chain(chain)) is not None]
    plain = [reading for reading in found if reading.cause not in VAGUE] or found
    if not plain:
        return None
    same = len({reading.cause for reading in found}) == 1
    first = plain[0]
    level = first.confidence if same else Confidence.MEDIUM
    return Reading(first.cause, level, f"{first.reason}, in a group of {len(members)}")


def _is_missing_result(ending: Failure) -> bool:
    if not ending.chain or "NoneType" not in ending.chain[0].message:
        return False
    wrong_use = ending.chain[0].simple in {"TypeError", "AttributeError"}
    return wrong_use and any(line.text.startswith(_NO_VALUE) for line in ending.before)


def _with_hint(found: Reading, ending: Failure, digest: LogDigest) -> Finding:
    printed = [one for one in digest.failures if one.role is Role.PRINTED and one.chain]
    earlier = [one for one in printed if one.line.number < ending.line.number]
    said = cause_of_chain(earlier[-1].chain) if earlier else None
    if said and (said.cause not in VAGUE or found.cause is not Cause.CODE_ERROR):
        reason = f"the process printed {said.reason} before it ended"
        return Finding(said.cause, Confidence.MEDIUM, reason, earlier[-1].line)
    numbers = {line.number for line in ending.before}
    lines = [line for line in digest.evidence if line.number in numbers]
    hint = find_hint(lines, of_error=_of_raised)
    if hint is None or found.cause is Cause.CODE_ERROR:
        return Finding(found.cause, found.confidence, found.reason, ending.line)
    return _hinted(found, hint)


def _hinted(found: Reading, hint: Hint) -> Finding:
    told = tuple(quote(line) for line in hint.lines)
    if hint.reading is not None and hint.reading.cause not in VAGUE:
        reason = f"the failure only says {found.reason}; a line before it tells of {hint.reason}"
        return Finding(hint.reading.cause, hint.confidence, reason, told[-1], told)
    reason = f"the failure only says {found.reason}; what was said last before it may tell why"
    return Finding(found.cause, Confidence.LOW, reason, told[-1], told)


def _of_lines(digest: LogDigest) -> Finding:
    """The cause of a log without an exception that ended the task."""
    for line in reversed(digest.evidence):
        if line.is_airflows and (found := ending_of(line)):
            return Finding(found.cause, found.confidence, found.reason, quote(line))
    if digest.ending is not None:
        found = cause_of_chain(digest.ending.chain)
        if found is not None:
            reason = f"{found.reason}; nothing says that it ended the task"
            return Finding(found.cause, Confidence.LOW, reason, digest.ending.line)
    errors = (*digest.first_errors, *digest.last_errors)
    last = errors[-1] if errors else (digest.tail[-1] if digest.tail else None)
    return Finding(Cause.UNKNOWN, Confidence.LOW, "the log ends without saying why", last)
