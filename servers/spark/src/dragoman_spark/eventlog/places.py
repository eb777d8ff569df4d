"""Where in a log something stands, and where the log itself is broken."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a log: `offset` counts uncompressed bytes of `file`, `line` counts from 1."""

    file: str
    offset: int
    line: int


class DamageKind(StrEnum):
    CUT_FRAME = "compressed data is cut or broken"
    CUT_LINE = "last line is cut"
    BAD_LINE = "line is not an event"
    LONG_LINE = "line is too long to read"
    MISSING_FILE = "rolled file is missing"
    COMPACTED = "earlier files were compacted by Spark"
    NOT_EVENTS = "file is not an event log"
    SECOND_APPLICATION = "another application in the same log"
    GREW = "log grew while it was read"
    SHRANK = "log shrank while it was read"


@dataclass(frozen=True, slots=True)
class Damage:
    """What could not be read; `count` is lines or files, `size` the bytes concerned, if known."""

    kind: DamageKind
    file: str
    place: Place | None = None
    count: int = 1
    size: int | None = None
