"""The head of a log line: time, level, logger and message in any common layout."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, NamedTuple

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
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(found, dict):
        return None
    fields = _lower(found)
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


def _lower(fields: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in fields.items()}


def _zone(text: str | None) -> int:
    if text is None or text == "Z":
        return 0
    digits = text[1:].replace(":", "")
    millis = (int(digits[:2]) * 60 + int(digits[2:])) * 60_000
    return millis if text[0] == "+" else -millis


def _first(fields: Mapping[str, Any], *names: str) -> str:
    return next((str(fields[name]) for name in names if isinstance(fields.get(name), str)), "")


def _trace(fields: Mapping[str, Any]) -> str:
    given: object = next(
        (
            fields[name]
            for name in ("exception", "thrown", "stack_trace", "throwable")
            if name in fields
        ),
        None,
    )
    return "Caused by: " + _exception(_lower(given)) if isinstance(given, dict) else str(given or "")


def _exception(fields: Mapping[str, Any]) -> str:
    """A structured exception written the way the JVM prints one."""
    frames: object = fields.get("stacktrace") or fields.get("extendedstacktrace")
    head = f"{_first(fields, 'class', 'name')}: {_first(fields, 'msg', 'message')}"
    if isinstance(frames, str):
        return frames if frames.startswith(head[:20]) else f"{head}\n{frames}"
    written = (
        [_frame(_lower(frame)) for frame in frames if isinstance(frame, dict)]
        if isinstance(frames, list)
        else []
    )
    cause: object = fields.get("cause")
    below = "\nCaused by: " + _exception(_lower(cause)) if isinstance(cause, dict) else ""
    return "\n".join([head, *written]) + below


def _frame(fields: Mapping[str, Any]) -> str:
    line: object = fields.get("line")
    number = f":{line}" if isinstance(line, int | str) and str(line).isdigit() else ""
    return f"\tat {fields.get('class')}.{fields.get('method')}({fields.get('file')}{number})"
