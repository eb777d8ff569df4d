"""One answer of the statement protocol, decoded."""

from dataclasses import dataclass
from typing import Any

import msgspec

from dragoman_presto.engine.errors import CoordinatorConfused, EngineFailure


class Stats(msgspec.Struct, rename="camel", frozen=True):
    """How far a query is; times in milliseconds of the wall clock unless they say CPU."""

    state: str = ""
    queued: bool = False
    scheduled: bool = False
    nodes: int = 0
    total_splits: int = 0
    queued_splits: int = 0
    running_splits: int = 0
    completed_splits: int = 0
    cpu_time_millis: int = 0
    queued_time_millis: int = 0
    elapsed_time_millis: int = 0
    processed_rows: int = 0
    processed_bytes: int = 0
    peak_memory_bytes: int = 0
    spilled_bytes: int = 0
    progress_percentage: float | None = None


class Column(msgspec.Struct, frozen=True):
    """A result column; `type` as Presto writes it, e.g. `map(varchar(25),row(a bigint))`."""

    name: str
    type: str


class WarningCode(msgspec.Struct, frozen=True):
    code: int = 0
    name: str = ""


class Warned(msgspec.Struct, rename="camel", frozen=True):
    """A warning of the engine; `message` may quote users' text."""

    message: str = ""
    warning_code: WarningCode = WarningCode()


class Place(msgspec.Struct, rename="camel", frozen=True):
    line_number: int
    column_number: int


class Failure(msgspec.Struct, rename="camel", frozen=True):
    message: str | None = None
    error_name: str | None = None
    error_type: str | None = None
    error_location: Place | None = None


class Answer(msgspec.Struct, rename="camel", frozen=True):
    """The envelope; `data` stays undecoded until its size has been looked at."""

    id: str
    next_uri: str | None = None
    columns: tuple[Column, ...] | None = None
    data: msgspec.Raw = msgspec.Raw()
    stats: Stats = Stats()
    warnings: tuple[Warned, ...] = ()
    error: Failure | None = None
    update_type: str | None = None
    update_count: int | None = None


@dataclass(frozen=True)
class Page:
    """Rows as they came over the wire, perhaps none, and how far the query is.

    `size` is the length of the rows' JSON in bytes.
    """

    rows: list[list[Any]]
    size: int
    stats: Stats


_ANSWER = msgspec.json.Decoder(Answer)
_ROWS = msgspec.json.Decoder(list[list[Any]])
_RAW_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_ROW = msgspec.json.Decoder(list[Any])
_NO_DATA = {b"", b"null", b"[]"}


def read_answer(body: bytes, name: str) -> Answer:
    """The answer of coordinator `name`; raises CoordinatorConfused when it is not Presto's."""
    try:
        return _ANSWER.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _not_presto(name) from error


def read_rows(answer: Answer, name: str, most_rows: int, most_bytes: int) -> tuple[Page, bool]:
    """The rows within both limits, and whether there were more."""
    if memoryview(answer.data).nbytes <= len(b"null") and bytes(answer.data) in _NO_DATA:
        return Page([], 0, answer.stats), False
    try:
        return _within(answer, most_rows, most_bytes)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _not_presto(name) from error


def raise_failure(answer: Answer) -> None:
    """Raises EngineFailure when the answer, of whatever status, carries an error."""
    if answer.error is None:
        return
    said, place = answer.error, answer.error.error_location
    raise EngineFailure(
        said.error_name or "GENERIC_INTERNAL_ERROR",
        said.error_type or "INTERNAL_ERROR",
        said.message or "no message",
        answer.id,
        place.line_number if place else None,
        place.column_number if place else None,
    )


def _within(answer: Answer, most_rows: int, most_bytes: int) -> tuple[Page, bool]:
    size = memoryview(answer.data).nbytes
    if size <= most_bytes:
        rows = _ROWS.decode(answer.data)
        if len(rows) <= most_rows:
            return Page(rows, size, answer.stats), False
    kept: list[list[Any]] = []
    used = 0
    for raw in _RAW_ROWS.decode(answer.data):
        length = memoryview(raw).nbytes
        if len(kept) == most_rows or used + length > most_bytes:
            break
        kept.append(_ROW.decode(raw))
        used += length
    return Page(kept, used, answer.stats), True


def _not_presto(name: str) -> CoordinatorConfused:
    return CoordinatorConfused(
        f"What answers in place of coordinator {name} is not Presto, or speaks it wrongly. "
        "Nothing of the answer was used; tell its operator."
    )
