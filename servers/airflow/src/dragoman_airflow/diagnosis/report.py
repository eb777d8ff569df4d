"""What a diagnosis says, in its two forms."""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, Field

from dragoman.answer.budget import Coverage
from dragoman.answer.handover import Handover
from dragoman.answer.untrusted import Untrusted, fence
from dragoman_airflow.waiting import WaitingReport


class Quote(BaseModel):
    """A line of one try's log; read_task_log opens it again."""

    try_number: int
    line: int
    text: Untrusted


class RootCause(BaseModel):
    """A task that failed by itself, and why."""

    task: str
    instances: str = Field(default="", description="Of a mapped task: how many, and which")
    state: str
    cause: str = Field(description="From a closed list")
    meaning: str
    confidence: str
    reason: Untrusted | None = Field(default=None, description="What the cause rests on")
    exceptions: list[Untrusted] = Field(
        default_factory=list[Untrusted], description="The one that was raised first comes first"
    )
    frames: list[Untrusted] = Field(
        default_factory=list[Untrusted], description="The task's own code first, innermost first"
    )
    evidence: list[Quote] = Field(default_factory=list[Quote])
    before: list[Untrusted] = Field(
        default_factory=list[Untrusted], description="Its last lines before it failed, numbered"
    )
    tries: str = ""
    other_tries: list[Untrusted] = Field(
        default_factory=list[Untrusted], description="Earlier failures that were different"
    )
    events: list[Untrusted] = Field(
        default_factory=list[Untrusted], description="Of Airflow's event log"
    )
    other_errors: list[Untrusted] = Field(
        default_factory=list[Untrusted], description="Of other instances of the mapped task"
    )
    hidden_by: str = Field(default="", description="Why the run is called a success all the same")
    in_spite_of: list[str] = Field(
        default_factory=list[str], description="Failed tasks above, which its rule let it ignore"
    )


class Compared(BaseModel):
    """What is different from the last success of the same task."""

    with_run: str = ""
    summary: str
    changed: list[Untrusted] = Field(default_factory=list[Untrusted])
    same: list[str] = Field(default_factory=list[str])
    not_read: list[str] = Field(default_factory=list[str])
    source_diff: Untrusted | None = None


class Diagnosis(BaseModel):
    """Why a run failed or does not get on; no root where nothing failed."""

    headline: str
    instance: str
    dag: str
    run: str = ""
    state: str = ""
    cause: str = Field(default="", description="The first root's, or the run's own")
    roots: list[RootCause] = Field(default_factory=list[RootCause])
    says: list[Untrusted] = Field(
        default_factory=list[Untrusted], description="Import errors and the like"
    )
    also_failed: list[str] = Field(default_factory=list[str])
    not_causes: list[str] = Field(default_factory=list[str])
    compared: Compared | None = None
    waiting: WaitingReport | None = None
    coverage: Coverage | None = Field(default=None, description="Of instances not successful")
    counts: str = ""
    not_read: list[str] = Field(default_factory=list[str])
    left_out: list[str] = Field(default_factory=list[str], description="For want of room")
    advice: str = ""
    next: Handover | None = None
    handover: list[Handover] = Field(default_factory=list[Handover])
    links: list[str] = Field(default_factory=list[str])

    def as_text(self) -> str:
        return "\n".join(_lines(self))


def _lines(told: Diagnosis) -> Iterator[str]:
    yield told.headline
    run = f", run {told.run} ({told.state})" if told.run else ""
    yield f"Airflow {told.instance}, DAG {told.dag}{run}"
    if told.cause and not told.roots and not told.waiting:
        yield f"cause: {told.cause}"
    for number, root in enumerate(told.roots, 1):
        yield f"root {number}: {_named(root)}"
        yield from (f"  {line}" for line in _root(root))
    yield from (f"says: {fence(words)}" for words in told.says)
    yield from _titled("failed later", told.also_failed)
    if told.waiting is not None:
        yield from _waiting(told.waiting)
    if told.compared:
        yield from _compared(told.compared)
    yield from _titled("not the cause", told.not_causes)
    yield from _ending(told)


def _waiting(report: WaitingReport) -> Iterator[str]:
    """Its lines without the two that the diagnosis has itself."""
    yield from report.as_text().split("\n")[2:]


def _ending(told: Diagnosis) -> Iterator[str]:
    yield from _titled("instances", [told.counts] if told.counts else [])
    if told.coverage:
        yield f"coverage: {told.coverage.of('instances not successful')}"
    yield from _titled("not read", told.not_read)
    yield from _titled("left out", told.left_out)
    yield from _titled("next", [told.advice] if told.advice else [])
    yield from (called(step) for step in ([told.next] if told.next else []))
    yield from (called(step) for step in told.handover)
    yield from _titled("link", told.links)


def called(step: Handover) -> str:
    """A call as one line."""
    arguments = ", ".join(f"{key}={value}" for key, value in step.arguments.items())
    return f"call {step.server}.{step.tool}({arguments})"


def _named(root: RootCause) -> str:
    which = f" [{root.instances}]" if root.instances else ""
    return f"{root.task}{which} {root.state}"


def _root(root: RootCause) -> Iterator[str]:
    yield f"cause: {root.cause} ({root.confidence}): {root.meaning}"
    if root.reason:
        yield f"because of: {fence(root.reason)}"
    if root.exceptions:
        yield f"exceptions, first raised first: {fence(' → '.join(root.exceptions))}"
    if root.frames:
        yield f"raised at: {fence('; '.join(root.frames))}"
    for quote in root.evidence:
        yield f"try {quote.try_number} line {quote.line}: {fence(quote.text)}"
    yield from (f"before it: {fence(words)}" for words in _joined(root.before))
    yield from (f"event log: {fence(event)}" for event in root.events)
    yield from (f"other instances: {fence(other)}" for other in root.other_errors)
    yield from _titled("tries", [root.tries] if root.tries else [])
    yield from (f"earlier {fence(other)}" for other in root.other_tries)
    yield from _titled("hidden", [root.hidden_by] if root.hidden_by else [])
    yield from _titled("ran in spite of failed", root.in_spite_of)


def _joined(lines: Sequence[str]) -> Sequence[str]:
    return ["\n".join(lines)] if lines else []


def _compared(compared: Compared) -> Iterator[str]:
    yield f"changed: {compared.summary}"
    for one in compared.changed:
        yield f"- {fence(one)}"
    if compared.source_diff:
        yield f"source: {fence(compared.source_diff)}"
    if compared.same:
        yield f"same: {', '.join(compared.same)}"
    if compared.not_read:
        yield f"not compared: {', '.join(compared.not_read)}"


def _titled(title: str, entries: Sequence[str]) -> Iterator[str]:
    return (f"{title}: {entry}" for entry in entries)
