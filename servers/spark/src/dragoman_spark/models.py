"""What the tools answer: pydantic at the edge, frozen dataclasses behind it."""

from datetime import UTC, datetime

from pydantic import BaseModel, Field

from dragoman.answer.budget import Coverage
from dragoman.answer.evidence import Evidence
from dragoman.answer.handover import Handover
from dragoman.answer.text import to_text
from dragoman.answer.untrusted import Untrusted
from dragoman_spark.sources import Found

NARROW = "Narrow with `text`, or raise `limit` and `max_tokens`."
NO_MATCH = "Nothing matches `text`; try part of the id or name."
_YEAR_10000 = 253_402_300_800_000


class ApplicationRow(BaseModel):
    application_id: str
    attempt: str | None = None
    name: Untrusted | None = None
    root: str
    size_bytes: int
    modified: str = Field(description="UTC")
    in_progress: bool = Field(
        default=False,
        description="The log says it has no end; "
        "diagnose_application says whether it runs or vanished",
    )
    note: str = Field(default="", description="Says when there is no event log")

    @classmethod
    def of(cls, found: Found) -> "ApplicationRow":
        return cls(
            application_id=found.app_id,
            attempt=found.attempt_id,
            name=Untrusted(found.name) if found.name else None,
            root=found.root,
            size_bytes=found.size,
            modified=utc(found.mtime),
            in_progress=found.in_progress,
            note=_note(found),
        )


class Applications(BaseModel):
    """Newest first; `unreachable` are roots that could not be searched."""

    applications: list[ApplicationRow]
    coverage: Coverage
    unreachable: list[str] = Field(default_factory=list[str])
    next: str = ""


def _note(found: Found) -> str:
    if not found.logs_only:
        return ""
    whose = "; no log names an id, the folder's path stands for it" if found.id_is_path else ""
    return f"no event log, process logs only: diagnose_application reads them{whose}"


class LogLine(BaseModel):
    line: int | None = None
    offset: int
    text: Untrusted


class LogLines(BaseModel):
    """Lines of one log file; `unchanged` says whether the hash that was given still fits."""

    file: str
    lines: list[LogLine]
    unchanged: bool | None = None
    next: Handover | None = None


def dearer(row: BaseModel) -> str:
    """The longer of the two forms in which a row stands in an answer's list."""
    text = to_text(row).replace("\n", "\n  ")
    return max(text, row.model_dump_json(exclude_none=True), key=len)


def utc(milliseconds: int | None) -> str:
    """The time as ISO 8601 in UTC with seconds; empty when it is not known or no time at all."""
    if milliseconds is None or not 0 <= milliseconds < _YEAR_10000:
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


__all__ = ["ApplicationRow", "Applications", "Evidence", "LogLine", "LogLines", "dearer", "utc"]
