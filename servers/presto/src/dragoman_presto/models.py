"""What the tools answer, each whole as text and whole as structured content."""

from collections.abc import Iterator, Sequence
from json import dumps

from pydantic import BaseModel, Field, JsonValue

from dragoman.answer.budget import Coverage
from dragoman.answer.handover import Handover
from dragoman.answer.untrusted import Untrusted, deceives, enclosed, fence


class Rows(BaseModel):
    """Rows of a query. `rows` hold values as JSON, in the order of `columns`."""

    query_id: str
    state: str = Field(description="finished, running, cut, failed, cancelled or lost")
    columns: list[str] = Field(default_factory=list[str], description="name and Presto type")
    rows: list[list[JsonValue]] = Field(default_factory=list[list[JsonValue]])
    first: int = Field(default=0, description="Number of the first row here, from 0")
    known_rows: int = Field(default=0, description="Rows there are so far")
    cut: str = Field(default="", description="Why this is not the whole result")
    stats: str = ""
    hint: str = ""
    warnings: list[Untrusted] = Field(default_factory=list[Untrusted])
    handle: str = ""
    next: Handover | None = None
    untrusted: list[str] = Field(default_factory=lambda: ["columns", "rows", "warnings"])

    def as_text(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        shown = f"rows {self.first}-{self.first + len(self.rows) - 1}" if self.rows else "no rows"
        yield f"query {self.query_id} {self.state}: {shown} of {self.known_rows} ({self.stats})"
        if self.cut:
            yield f"not whole: {self.cut}"
        if self.columns:
            yield enclosed("\n".join(_table(self.columns, self.rows)))
        for warning in self.warnings:
            yield f"warning: {fence(warning)}"
        if self.hint:
            yield f"hint: {self.hint}"
        if self.next:
            given = ", ".join(f"{name}={value}" for name, value in self.next.arguments.items())
            yield f"next: {self.next.tool}({given})"
        elif self.handle:
            yield f"handle: {self.handle}"


def cell(value: JsonValue) -> str:
    """A value as it stands in a row: text as it is where nothing else could be meant."""
    if isinstance(value, str):
        if deceives(value):
            return dumps(value).replace("[", "\\u005b")
        return dumps(value, ensure_ascii=False) if _quoted(value) else value
    if value is None:
        return "NULL"
    plain = dumps(value, ensure_ascii=False, separators=(",", ":"))
    return dumps(value, separators=(",", ":")) if deceives(plain.replace("[", "")) else plain


def _quoted(text: str) -> bool:
    """Text that reads like NULL or like a quoted one, or has room that could be lost."""
    return (
        not text
        or text != text.strip()
        or text[0] in '"{['
        or text == "NULL"
        or "\t" in text
        or "\n" in text
        or "\r" in text
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[JsonValue]]) -> Iterator[str]:
    """Rows under one line of names, cells apart by tabs; what all rows share is said once."""
    cells = [[cell(value) for value in row] for row in rows]
    same = {
        place
        for place in range(len(columns))
        if len(cells) > 2 and all(row[place] == cells[0][place] for row in cells)
    }
    shown = [place for place in range(len(columns)) if place not in same]
    yield "\t".join(cell(columns[place]) for place in shown)
    yield from ("\t".join(row[place] for place in shown) for row in cells)
    yield from (f"in every row: {cell(columns[place])} = {cells[0][place]}" for place in same)


class QueryState(BaseModel):
    """A query as the coordinator or this server knows it; never its rows."""

    query_id: str
    state: str
    user: str = ""
    queued_s: float = 0
    elapsed_s: float = 0
    cpu_s: float = 0
    splits: str = Field(default="", description="completed/total")
    rows_read: int = 0
    bytes_read: int = 0
    peak_memory_bytes: int = 0
    resource_group: str = ""
    tables: list[str] = Field(default_factory=list[str])
    error: str = Field(default="", description="Presto's name of it")
    says: Untrusted | None = None
    sql: Untrusted | None = None
    advice: str = ""
    next: Handover | None = None


class Ended(BaseModel):
    query_id: str
    state: str
    rows: int


class ReadTable(BaseModel):
    """A table that a statement reads, perhaps behind a view."""

    table: str
    rows: int | None = None
    partition_keys: list[str] = Field(default_factory=list[str])
    filtered_by: list[str] = Field(default_factory=list[str])


class Preview(BaseModel):
    """What a statement would read. `rows` and `bytes` are null where Presto cannot know them."""

    valid: bool
    kind: str
    tables: list[ReadTable] = Field(default_factory=list[ReadTable])
    rows: int | None = None
    bytes: int | None = None
    confidence: str = ""
    budget: str = ""
    advice: list[str] = Field(default_factory=list[str])


class ColumnInfo(BaseModel):
    """`distinct`, `nulls` (a share), `low` and `high` are the table's own statistics."""

    name: str
    type: str
    partition: bool | None = None
    distinct: int | None = None
    nulls: float | None = None
    low: str | None = None
    high: str | None = None
    top: list[str] = Field(default_factory=list[str])
    comment: Untrusted | None = None


class TableInfo(BaseModel):
    table: str
    rows: int | None = None
    columns: list[ColumnInfo] = Field(default_factory=list[ColumnInfo])
    newest_partitions: list[list[JsonValue]] = Field(default_factory=list[list[JsonValue]])
    note: str = ""
    owner: str = ""
    profile: str = Field(default="", description="What the figures of a profile rest on")
    sample: list[list[JsonValue]] = Field(default_factory=list[list[JsonValue]])
    left_out: str = ""
    untrusted: list[str] = Field(
        default_factory=lambda: ["sample", "newest_partitions", "columns.comment", "columns.top"]
    )

    def as_text(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        rows = "unknown rows" if self.rows is None else f"{self.rows:,} rows"
        yield f"{self.table}: {rows}, {len(self.columns)} columns"
        for line in (self.owner and f"owner: {self.owner}", self.note, self.profile, self.left_out):
            if line:
                yield line
        yield from map(_column_line, self.columns)
        if self.newest_partitions:
            newest = "; ".join(", ".join(map(cell, row)) for row in self.newest_partitions)
            yield f"newest partitions: {fence(newest)}"
        if self.sample:
            names = [column.name for column in self.columns]
            yield f"sample: {enclosed(chr(10).join(_table(names, self.sample)))}"


class FoundTable(BaseModel):
    table: str
    matched: str
    owner: str = ""
    note: str = ""


class VerifiedQuery(BaseModel):
    """A statement that its owner vouches for."""

    question: str
    sql: str
    owner: str = ""


class Tables(BaseModel):
    tables: list[FoundTable] = Field(default_factory=list[FoundTable])
    queries: list[VerifiedQuery] = Field(default_factory=list[VerifiedQuery])
    coverage: Coverage
    not_searched: list[str] = Field(default_factory=list[str])
    next: str = ""


def _column_line(column: ColumnInfo) -> str:
    parts = [column.name, column.type]
    if column.partition:
        parts.append("partition key")
    if column.distinct is not None:
        parts.append(f"{column.distinct:,} distinct")
    if column.nulls:
        parts.append(f"{column.nulls:.0%} null")
    if column.low is not None and column.high is not None:
        parts.append(fence(f"{column.low} to {column.high}"))
    if column.top:
        parts.append(f"often {fence(', '.join(column.top))}")
    if column.comment:
        parts.append(fence(column.comment))
    return "- " + "; ".join(parts)
