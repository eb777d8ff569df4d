"""Foreign JSON into our own values: what is missing, odd or unreadable becomes the default."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, cast, get_type_hints

import msgspec
from msgspec import Struct

S = TypeVar("S", bound=Struct)

Raw = Mapping[str, object]


def rows(raw: Raw, name: str) -> tuple[Raw, ...]:
    """The objects of a list field."""
    found = raw.get(name)
    if not isinstance(found, list):
        return ()
    listed = cast("list[object]", found)
    return tuple(cast("Raw", one) for one in listed if isinstance(one, dict))


def inner(raw: Raw, name: str) -> Raw | None:
    """The object of a field."""
    found = raw.get(name)
    return cast("Raw", found) if isinstance(found, dict) else None


def text(raw: Raw, name: str) -> str:
    found = raw.get(name)
    return found if isinstance(found, str) else ""


def texts(raw: Raw, name: str) -> tuple[str, ...]:
    """The strings of a list field."""
    found = raw.get(name)
    listed = cast("list[object]", found) if isinstance(found, list) else []
    return tuple(one for one in listed if isinstance(one, str))


def whole(raw: Raw, name: str) -> int | None:
    found = raw.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def instant(value: object) -> datetime | None:
    """An aware time, or None when it cannot be read."""
    if not isinstance(value, str):
        return None
    try:
        return _aware(msgspec.convert(value, datetime))
    except msgspec.ValidationError:
        return None


def seconds(value: object) -> float | None:
    """A duration given as a number or as Airflow's days, seconds and microseconds."""
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, dict):
        return None
    given = cast("Raw", value)
    parts = (("days", 86_400.0), ("seconds", 1.0), ("microseconds", 1e-6))
    total = 0.0
    for name, size in parts:
        part = given.get(name, 0)
        if not isinstance(part, int | float):
            return None
        total += part * size
    return total


def build(kind: type[S], raw: Raw, **more: object) -> S | None:
    """A `kind` from a JSON object, field by field where it has to be; None without an identity.

    `more` are fields that need more than a copy.
    """
    fields = _fields(kind)
    given = {
        name: value
        for name in fields
        if (value := more.get(name) if name in more else raw.get(name)) is not None
    }
    try:
        made = msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError:
        readable = {
            name: read
            for name, value in given.items()
            if (read := _one(fields[name], value)) is not None
        }
        try:
            made = msgspec.convert(readable, kind, strict=False)
        except msgspec.ValidationError:
            return None
    return _all_aware(made)


def _one(hint: object, value: object) -> object:
    try:
        return cast("object", msgspec.convert(value, cast("Any", hint), strict=False))
    except (msgspec.ValidationError, OverflowError):
        return None


def _all_aware(made: S) -> S:
    naive = {
        name: value.replace(tzinfo=UTC)
        for name in made.__struct_fields__
        if isinstance(value := getattr(made, name), datetime) and value.tzinfo is None
    }
    return msgspec.structs.replace(made, **naive) if naive else made


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


@cache
def _fields(kind: type[Struct]) -> Mapping[str, object]:
    hints = get_type_hints(kind)
    return {name: hints[name] for name in kind.__struct_fields__}
