"""What a diagnosis says, in its two forms."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from dragoman.answer.evidence import Evidence
from dragoman.answer.handover import Handover
from dragoman.answer.untrusted import Untrusted, fence


class Cited(Evidence):
    shows: str = Field(description="What to see there")


class FailedOperation(BaseModel):
    """One failed statement of a shared server."""

    operation: str
    user: Untrusted
    tags: list[Untrusted] = Field(default_factory=list[Untrusted])
    cause: str
    confidence: str
    says: Untrusted


class Diagnosis(BaseModel):
    """How an application ended and why; no cause where nothing failed or the logs do not say."""

    application_id: str
    attempt: str | None = None
    name: Untrusted | None = None
    root: str
    outcome: str
    outcome_confidence: str
    why: str = Field(description="What the outcome rests on")
    cause: str | None = Field(default=None, description="From a closed list")
    meaning: str = ""
    confidence: str | None = None
    condition: str | None = Field(default=None, description="Spark's error condition")
    says: Untrusted | None = Field(default=None, description="The application's own words")
    user_frames: list[Untrusted] = Field(default_factory=list[Untrusted])
    evidence: list[Cited] = Field(default_factory=list[Cited])
    operations: list[FailedOperation] = Field(default_factory=list[FailedOperation])
    ruled_out: list[str] = Field(default_factory=list[str])
    not_read: list[str] = Field(default_factory=list[str])
    left_out: list[str] = Field(default_factory=list[str], description="For want of room")
    other_attempts: list[str] = Field(default_factory=list[str])
    advice: str = ""
    next: Handover | None = None

    def as_text(self) -> str:
        """Every value, in fewer tokens than field by field: files are named once."""
        return "\n".join(_lines(self))


def _lines(told: Diagnosis) -> Iterator[str]:
    yield from _headline(told)
    yield from _evidence(told.evidence)
    for one in told.operations:
        tags = f" tags {fence(', '.join(one.tags))}" if one.tags else ""
        yield f"failed operation {one.operation} of {fence(one.user)}{tags}"
        yield f"  {one.cause} ({one.confidence}): {fence(one.says)}"
    for title, entries in (
        ("ruled out", told.ruled_out),
        ("not read", told.not_read),
        ("left out", told.left_out),
        ("other attempts", told.other_attempts),
    ):
        yield from (f"{title}: {entry}" for entry in entries)
    if told.advice:
        yield f"next: {told.advice}"
    if told.next:
        arguments = ", ".join(f"{key}={value}" for key, value in told.next.arguments.items())
        yield f"call {told.next.server}.{told.next.tool}({arguments})"


def _headline(told: Diagnosis) -> Iterator[str]:
    attempt = f" attempt {told.attempt}" if told.attempt else ""
    name = f" {fence(told.name)}" if told.name else ""
    yield f"{told.application_id}{attempt} in root {told.root}{name}"
    yield f"outcome: {told.outcome} ({told.outcome_confidence}): {told.why}"
    if told.cause:
        yield f"cause: {told.cause} ({told.confidence}): {told.meaning}"
    if told.condition:
        yield f"condition: {told.condition}"
    if told.says:
        yield f"says: {fence(told.says)}"
    if told.user_frames:
        yield f"user code: {fence('; '.join(told.user_frames))}"


def _evidence(evidence: list[Cited]) -> Iterator[str]:
    """Grouped by file, in the order in which the files first occur."""
    for file in dict.fromkeys(one.file for one in evidence):
        yield f"evidence in {file}:"
        for one in evidence:
            if one.file == file:
                yield f"- line {one.line} offset {one.offset} sha256 {one.sha256}"
                yield f"  {one.shows}: {fence(one.quote)}"
