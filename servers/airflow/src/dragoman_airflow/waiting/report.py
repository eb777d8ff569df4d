"""What is said of something that waits, in its two forms."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from dragoman.answer.budget import Coverage
from dragoman.answer.handover import Handover
from dragoman.answer.untrusted import Untrusted, fence


class Place(BaseModel):
    """An instance, or a run, that something waits for."""

    dag: str
    run: str = ""
    task: str = ""
    state: str = ""
    since: str = Field(default="", description="UTC, and how long ago")
    slots: int | None = None


class Wait(BaseModel):
    """One reason, and what it holds up."""

    cause: str = Field(description="From a closed list")
    what: str
    tasks: list[str] = Field(default_factory=list[str], description="Held up by it")
    airflow_says: list[Untrusted] = Field(default_factory=list[Untrusted])
    says: list[Untrusted] = Field(default_factory=list[Untrusted], description="The task's words")
    waits_for: list[Place] = Field(default_factory=list[Place])


class WaitingReport(BaseModel):
    """Why nothing happens: what stops it first, then the rest, and what was ruled out."""

    headline: str
    instance: str
    dag: str
    run: str = ""
    state: str = ""
    waits: list[Wait] = Field(default_factory=list[Wait])
    ruled_out: list[str] = Field(default_factory=list[str])
    not_known: list[str] = Field(default_factory=list[str])
    coverage: Coverage | None = Field(default=None, description="Of unfinished instances")
    left_out: str = ""
    advice: str = ""
    next: Handover | None = None

    def as_text(self) -> str:
        return "\n".join(_lines(self))


def _lines(told: WaitingReport) -> Iterator[str]:
    yield told.headline
    run = f", run {told.run} ({told.state})" if told.run else ""
    yield f"Airflow {told.instance}, DAG {told.dag}{run}"
    for wait in told.waits:
        yield f"{wait.cause}: {wait.what}"
        yield from (f"  {line}" for line in _wait(wait))
    yield from (f"ruled out: {entry}" for entry in told.ruled_out)
    yield from (f"not known: {entry}" for entry in told.not_known)
    if told.coverage:
        yield f"coverage: {told.coverage.of('unfinished instances')}"
    if told.left_out:
        yield f"left out: {told.left_out}"
    if told.advice:
        yield f"advice: {told.advice}"
    if told.next:
        arguments = ", ".join(f"{key}={value}" for key, value in told.next.arguments.items())
        yield f"call {told.next.server}.{told.next.tool}({arguments})"


def _wait(wait: Wait) -> Iterator[str]:
    if wait.tasks:
        yield f"holds up: {', '.join(wait.tasks)}"
    yield from (f"Airflow says: {fence(text)}" for text in wait.airflow_says)
    yield from (f"log: {fence(text)}" for text in wait.says)
    for place in wait.waits_for:
        path = " / ".join(part for part in (place.dag, place.run, place.task) if part)
        state = f" ({place.state})" if place.state else ""
        since = f" since {place.since}" if place.since else ""
        slots = f", {place.slots} slots" if place.slots is not None else ""
        yield f"waits for {path}{state}{since}{slots}"
