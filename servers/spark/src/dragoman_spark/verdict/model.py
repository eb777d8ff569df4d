"""A verdict: what happened, why, how surely, on what evidence, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass

from dragoman_spark.eventlog.places import Place
from dragoman_spark.logs.thrown import Frame
from dragoman_spark.outcome import Outcome
from dragoman_spark.verdict.causes import Cause, Certainty, Confidence

__all__ = ["Citation", "NextCall", "OperationVerdict", "Suspect", "Verdict"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A line that can be opened again; `shows` says what to see there, `quote` is a part of it."""

    place: Place
    shows: str
    quote: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """A possible cause with what names it; `says` is the text that decided, untrusted."""

    cause: Cause
    certainty: Certainty
    says: str
    citations: tuple[Citation, ...] = ()
    condition: str | None = None
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class OperationVerdict:
    """Why one statement of a shared server failed."""

    id: str
    user: str
    tags: tuple[str, ...]
    cause: Cause
    confidence: Confidence
    condition: str | None
    says: str
    citation: Citation | None


@dataclass(frozen=True, slots=True)
class NextCall:
    """A tool to call next, or, where `tool` is empty, what to fetch from elsewhere."""

    why: str
    tool: str
    arguments: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`cause` is None where nothing failed. `says` and quotes are text of the application."""

    outcome: Outcome
    outcome_confidence: Confidence
    why: str
    cause: Cause | None
    confidence: Confidence | None
    condition: str | None
    says: str
    evidence: tuple[Citation, ...]
    frames: tuple[Frame, ...]
    operations: tuple[OperationVerdict, ...]
    ruled_out: tuple[str, ...]
    not_read: tuple[str, ...]
    next_call: NextCall | None
