"""The head of a plain-text log line, in the layouts that task logs are written in."""

import re
from enum import StrEnum
from typing import NamedTuple

__all__ = ["Head", "Level", "level_of", "read_head", "without_colours"]

_COLOURS = re.compile(r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b]*+(?:\x07|\x1b\\)?|[@-_])")
_STAMP = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_WORD = r"DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL|TRACE|EXCEPTION"
_LAYOUTS = (
    # Airflow 2's default, with the doubled braces of some Kubernetes settings.
    re.compile(
        rf"\[(?P<stamp>{_STAMP})\] \{{{{?(?P<logger>[\w.\-<>/]{{1,200}}:\d+)\}}?\}} "
        rf"(?P<level>{_WORD}) - (?P<text>.*)",
        re.DOTALL,
    ),
    # structlog's console, which Airflow 3 writes outside of task log files.
    re.compile(
        rf"(?P<stamp>{_STAMP}) \[(?P<level>(?i:{_WORD}))\s*\] (?P<text>.*?)"
        r"(?:\s+\[(?P<logger>[\w.\-]{1,200})\](?: \S+=.*)?)?",
        re.DOTALL,
    ),
    re.compile(
        rf"\[?(?P<stamp>{_STAMP})\]?(?: -)? (?P<logger>[\w.\-]{{1,200}}) - "
        rf"(?P<level>{_WORD}) - (?P<text>.*)",
        re.DOTALL,
    ),
    re.compile(
        rf"\[?(?P<stamp>{_STAMP})\]?(?: -)? \[?(?P<level>{_WORD})\]?(?P<logger>)"
        r"(?: -|:)? (?P<text>.*)",
        re.DOTALL,
    ),
    re.compile(r"(?P<stamp>) (?P<level>INFO)(?P<logger>) - (?P<text>::(?:end)?group::.*)"),
)


class Level(StrEnum):
    """How grave a line is by its own word; NONE where it says nothing."""

    NONE = ""
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class Head(NamedTuple):
    stamp: str
    level: Level
    logger: str
    text: str


_LEVELS = {
    "trace": Level.DEBUG,
    "debug": Level.DEBUG,
    "notset": Level.DEBUG,
    "info": Level.INFO,
    "warn": Level.WARNING,
    "warning": Level.WARNING,
    "error": Level.ERROR,
    "exception": Level.ERROR,
    "critical": Level.CRITICAL,
    "fatal": Level.CRITICAL,
}


def level_of(word: str) -> Level:
    """The level that a word names; NONE for any other word."""
    return _LEVELS.get(word.lower(), Level.NONE)


def read_head(line: str) -> Head | None:
    """The head of a line, or None for a line that continues another or is only printed."""
    if line[:1] not in "[0123456789 " or len(line) < 8:
        return None
    for layout in _LAYOUTS:
        if found := layout.fullmatch(line):
            return Head(
                found["stamp"], level_of(found["level"]), found["logger"] or "", found["text"]
            )
    return None


def without_colours(text: str) -> str:
    return _COLOURS.sub("", text) if "\x1b" in text else text
