"""A few lines of one try's log, within a budget, and how to read on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, Field, JsonValue

from dragoman.answer.budget import Budget, Coverage, tokens
from dragoman.answer.handover import Handover
from dragoman.answer.untrusted import Untrusted, fence
from dragoman.errors import BadInput
from dragoman_airflow.api import Airflow
from dragoman_airflow.diagnosis.report import called
from dragoman_airflow.errors import LogNotFound
from dragoman_airflow.logs.quoted import QuotedLine
from dragoman_airflow.logs.task_log import read_window, unread
from dragoman_airflow.logs.windows import Around, Errors, Span, Tail, Want, Window
from dragoman_airflow.models import UNFINISHED, Instance

Where = Literal["errors", "tail", "start"]
_COUNT = 200
_CONTEXT = 15
_LONGEST = 1_000
_FRAME = 250


class LogRow(BaseModel):
    line: int
    level: str = ""
    text: Untrusted


class TaskLogPage(BaseModel):
    """Lines of one try's log, in order."""

    instance: str
    dag: str
    run: str
    task: str
    try_number: int
    state: str = ""
    says: str = Field(default="", description="What these lines are")
    lines: list[LogRow] = Field(default_factory=list[LogRow])
    coverage: Coverage
    not_read: list[str] = Field(default_factory=list[str])
    next: Handover | None = None

    def as_text(self) -> str:
        return "\n".join(_lines(self))


@dataclass(frozen=True, slots=True)
class Asked:
    """One try of an instance, and which of its lines."""

    one: Instance
    try_number: int
    around: Where = "errors"
    line: int | None = None
    token: str = ""

    @property
    def want(self) -> Want:
        if self.token or (self.around == "start" and self.line is not None):
            return Span(self.line or 1, _COUNT)
        if self.line is not None:
            return Around(self.line, _CONTEXT)
        match self.around:
            case "errors":
                return Errors(context=3, most=_COUNT)
            case "tail":
                return Tail(_COUNT)
            case "start":
                return Span(1, _COUNT)


async def log_page(airflow: Airflow, asked: Asked, max_tokens: int) -> TaskLogPage:
    """The lines asked for. Raises LogNotFound, which names the tries there are."""
    await _known_try(airflow, asked)
    window = await _read(airflow, asked, asked.want)
    says = ""
    if isinstance(asked.want, Errors) and not window.lines:
        window = await _read(airflow, asked, Tail(_COUNT))
        says = "no line was logged as an error; these are the last ones"
        asked = Asked(asked.one, asked.try_number, "tail")
    if asked.line is not None and not window.lines and not asked.token:
        total = f"it has {window.total}" if window.total is not None else "it has fewer"
        raise BadInput(f"There is no line {asked.line} in that log; {total} lines.")
    return _page(airflow.name, asked, window, says, max_tokens)


async def _known_try(airflow: Airflow, asked: Asked) -> None:
    """Refuses a try that was never there before any log is asked for."""
    one = asked.one
    if 0 < asked.try_number <= one.try_number:
        return
    if one.try_number < 1:
        raise LogNotFound(
            f"{one.task_id} of run {one.run_id} has not started, so there is no log yet. "
            "Call explain_waiting."
        )
    there = await airflow.tries(one.dag_id, one.run_id, one.task_id, one.map_index)
    numbers = ", ".join(str(try_.try_number) for try_ in there) or str(one.try_number)
    raise LogNotFound(
        f"{one.task_id} of run {one.run_id} has no try {asked.try_number}; tries are {numbers}."
    )


async def _read(airflow: Airflow, asked: Asked, want: Want) -> Window:
    async with airflow.log(asked.one, asked.try_number, token=asked.token) as stream:
        return await read_window(stream, want, asked.line or 1 if asked.token else 1)


def _page(instance: str, asked: Asked, window: Window, says: str, max_tokens: int) -> TaskLogPage:
    one = asked.one
    from_end = asked.line is None and asked.around in {"errors", "tail"} and not asked.token
    rows = _fitting([_row(line) for line in window.lines], Budget(max_tokens), from_end=from_end)
    page = TaskLogPage(
        instance=instance,
        dag=one.dag_id,
        run=one.run_id,
        task=one.task_id if one.map_index < 0 else f"{one.task_id}[{one.map_index}]",
        try_number=asked.try_number,
        state=one.state if asked.try_number == one.try_number else "",
        says=says,
        lines=rows,
        coverage=Coverage(kept=len(rows), delivered=len(window.lines), claimed=window.total),
        next=_next(instance, asked, window, rows),
    )
    page.not_read = [note for note in (unread(window.counts),) if note]
    return page


def _next(instance: str, asked: Asked, window: Window, rows: Sequence[LogRow]) -> Handover | None:
    """Earlier lines of a tail, later lines of a start, or what a live task has written since."""
    one = asked.one
    arguments: dict[str, JsonValue] = {
        "dag": one.dag_id,
        "run": one.run_id,
        "task": one.task_id,
        **({"map_index": one.map_index} if one.map_index >= 0 else {}),
        "try_number": asked.try_number,
        "instance": instance,
    }
    last = rows[-1].line if rows else (asked.line or 1) - 1
    live = one.state in UNFINISHED and asked.try_number == one.try_number
    at_end = window.total is not None and last >= window.total
    if live and at_end and window.token:
        arguments |= {"cursor": cursor_of(window.token), "line": last + 1}
    elif at_end and rows and rows[0].line > 1:
        arguments |= {"around": "start", "line": max(1, rows[0].line - _COUNT)}
    elif at_end:
        return None
    else:
        arguments |= {"around": "start", "line": last + 1}
    return Handover(server="airflow", tool="read_task_log", arguments=arguments)


def cursor_of(token: str) -> str:
    """Airflow's token in a form that is not taken for a secret; it holds a place in the log."""
    return token.encode().hex()


def token_of(cursor: str) -> str:
    """Raises BadInput for what is no cursor of ours."""
    try:
        return bytes.fromhex(cursor).decode()
    except ValueError:
        raise BadInput("That cursor is not one of `next`: leave it out, and give `line`.") from None


def _row(line: QuotedLine) -> LogRow:
    text = line.text if len(line.text) <= _LONGEST else Untrusted(f"{line.text[:_LONGEST]}…")
    return LogRow(line=line.number, level=line.level.value, text=text)


def _fitting(rows: list[LogRow], budget: Budget, *, from_end: bool) -> list[LogRow]:
    """As many whole lines as fit, of the end or of the beginning."""
    left = budget.max_tokens - _FRAME
    kept: list[LogRow] = []
    for row in reversed(rows) if from_end else rows:
        left -= tokens(row.model_dump_json()) + 1
        if left < 0 and kept:
            break
        kept.append(row)
    return kept[::-1] if from_end else kept


def _lines(told: TaskLogPage) -> Iterator[str]:
    state = f" ({told.state})" if told.state else ""
    yield (
        f"log of {told.task}{state}, try {told.try_number}, run {told.run} of {told.dag}, "
        f"Airflow {told.instance}"
    )
    if told.says:
        yield told.says
    if told.lines:
        yield fence("\n".join(_line(row) for row in told.lines))
    yield f"coverage: {told.coverage.of('lines')}"
    yield from (f"not read: {note}" for note in told.not_read)
    if told.next:
        yield called(told.next)


def _line(row: LogRow) -> str:
    level = f" {row.level.upper()}" if row.level not in {"", "info"} else ""
    return f"{row.line}{level} {row.text}"
