"""The head of a log line: time, level, logger and message in any common layout."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import IntEnum
from typing import NamedTuple

import msgspec

__all__ = ["Head", "Level", "read_head", "read_json", "read_time"]


class Level(IntEnum):
    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40
    FATAL = 50


class Head(NamedTuple):
    """`time` is milliseconds since the epoch as if the clock were UTC; `body` is a given trace."""

    level: Level
    logger: str
    message: str
    time: int | None
    body: str = ""


_LEVELS = {
    "TRACE": Level.DEBUG,
    "DEBUG": Level.DEBUG,
    "INFO": Level.INFO,
    "NOTICE": Level.INFO,
    "WARN": Level.WARN,
    "WARNING": Level.WARN,
    "ERROR": Level.ERROR,
    "SEVERE": Level.ERROR,
    "FATAL": Level.FATAL,
    "CRITICAL": Level.FATAL,
}
_TIME = (
    r"(?:\d{4}|\d{2})[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?"
    r"|\d{2}:\d{2}:\d{2}[.,]\d+"
)
_LEVEL = "|".join(_LEVELS)
_TIME_FIRST = re.compile(
    rf"^\[?({_TIME})\]?[\s|,:-]+(?:.{{0,80}}?[\s\[|])?\[?({_LEVEL})\b\]?[\s|:]*(.*)$"
)
_LEVEL_FIRST = re.compile(rf"^\[?({_LEVEL})\]?[\s|:]+\[?({_TIME})?\]?[\s|:]*(.*)$")
_LOGGER = re.compile(r"^(?:\[[^\]]*\]\s*)*([\w.$]+)(?:\s*\[[^\]]*\])*(?:\s+-|:)\s+(.*)$")
_PARTS = re.compile(
    r"(\d{2,4})[-/](\d{2})[-/](\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:?\d{2})?"
)


def read_head(text: str) -> Head | None:
    """What a line begins with, or None where it only continues an earlier one."""
    if found := _TIME_FIRST.match(text):
        time, level, rest = found.groups()
    elif found := _LEVEL_FIRST.match(text):
        level, time, rest = found.groups()
    else:
        return None
    logger = _LOGGER.match(rest)
    name, message = (logger.group(1), logger.group(2)) if logger else ("", rest)
    return Head(_LEVELS[level], name, message, read_time(time) if time else None)


def read_time(text: str) -> int | None:
    """Milliseconds since the epoch of `26/11/24 19:09:11`, ISO and their like; None for others."""
    found = _PARTS.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    millis = int((found.group(7) or "0")[:3].ljust(3, "0"))
    try:
        day_time = datetime(
            year if year > 99 else 2000 + year, month, day, hour, minute, second, tzinfo=UTC
        )
    except ValueError:
        return None
    return int(day_time.timestamp()) * 1000 + millis - _zone(found.group(8))


def read_json(data: bytes) -> Head | None:
    """A structured record, or None where the line is none. Keys match in any letter case."""
    try:
        fields = _lower(msgspec.json.decode(data, type=dict[str, object]))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    level = _LEVELS.get(_first(fields, "level", "severity", "loglevel", "log.level").upper())
    if level is None:
        return None
    return Head(
        level,
        _first(fields, "logger", "logger_name", "loggername", "log.logger", "name"),
        _first(fields, "msg", "message"),
        read_time(_first(fields, "ts", "timestamp", "@timestamp", "time")),
        _trace(fields),
    )


def _zone(text: str | None) -> int:
    if text is None or text == "Z":
        return 0
    digits = text[1:].replace(":", "")
    millis = (int(digits[:2]) * 60 + int(digits[2:])) * 60_000
    return millis if text[0] == "+" else -millis


def _lower(fields: Mapping[str, object]) -> dict[str, object]:
    return {key.lower(): value for key, value in fields.items()}


def _nested(value: object) -> dict[str, object] | None:
    try:
        return _lower(msgspec.convert(value, dict[str, object]))
    except msgspec.ValidationError:
        return None


def _first(fields: Mapping[str, object], *names: str) -> str:
    found = (fields[name] for name in names if name in fields)
    return next((value for value in found if isinstance(value, str)), "")


def _trace(fields: Mapping[str, object]) -> str:
    names = ("exception", "thrown", "stack_trace", "throwable")
    given = next((fields[name] for name in names if name in fields), None)
    nested = _nested(given)
    if nested is not None:
        return f"Caused by: {_exception(nested)}"
    return given if isinstance(given, str) else ""


def _exception(fields: Mapping[str, object]) -> str:
    """A structured exception written the way the JVM prints one."""
    frames = fields.get("stacktrace") or fields.get("extendedstacktrace")
    head = f"{_first(fields, 'class', 'name')}: {_first(fields, 'msg', 'message')}"
    if isinstance(frames, str):
        return frames if frames.startswith(head[:20]) else f"{head}\n{frames}"
    try:
        listed = msgspec.convert(frames or [], list[dict[str, object]])
    except msgspec.ValidationError:
        listed = []
    cause = _nested(fields.get("cause"))
    below = f"\nCaused by: {_exception(cause)}" if cause else ""
    return "\n".join([head, *(_frame(_lower(frame)) for frame in listed)]) + below


def _frame(fields: Mapping[str, object]) -> str:
    line = fields.get("line")
    number = f":{line}" if isinstance(line, int | str) and str(line).isdigit() else ""
    return f"\tat {fields.get('class')}.{fields.get('method')}({fields.get('file')}{number})"
