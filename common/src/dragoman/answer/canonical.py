"""Canonical JSON: equal bytes exactly where the values are equal.

RFC 8785, widened where it is silent, so that every value an agent can send has a form:
integers beyond 2^53 are written with all their digits, NaN and the infinities as the bare
words, lone surrogates as lower-case escapes. None of these can be mistaken for another value.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from json.encoder import encode_basestring
from math import isfinite, isnan

import rfc8785
from typing_extensions import TypeAliasType

from dragoman.errors import BadInput

Json = TypeAliasType(
    "Json", "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
)

_DEEPEST = 200
_PLAIN_FROM, _PLAIN_TO = 1e-4, 1e16


def canonical(value: Json) -> bytes:
    """The value's canonical JSON in UTF-8.

    Numbers are equal as JSON writes them: 1 and 1.0 are, 1 and true are not.
    Raises BadInput for values nested deeper than 200 levels.
    """
    parts: list[str] = []
    _write(value, parts, 0)
    return "".join(parts).encode()


def digest(value: Json) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return sha256(canonical(value)).hexdigest()


def _write(value: Json, parts: list[str], depth: int) -> None:
    if depth > _DEEPEST:
        raise BadInput(f"The value is nested deeper than {_DEEPEST} levels; send a flatter one.")
    match value:
        case str():
            parts.append(_text(value))
        # A dict is told from other mappings in a tenth of the time.
        case dict() | Mapping():
            _write_object(value, parts, depth)
        case Sequence():
            _write_array(value, parts, depth)
        case _:
            parts.append(_scalar(value))


def _write_object(value: Mapping[str, Json], parts: list[str], depth: int) -> None:
    separator = "{"
    for key in sorted(value, key=_utf16):
        parts.extend((separator, _text(key), ":"))
        _write(value[key], parts, depth + 1)
        separator = ","
    parts.append("}" if value else "{}")


def _write_array(value: Sequence[Json], parts: list[str], depth: int) -> None:
    separator = "["
    for item in value:
        parts.append(separator)
        _write(item, parts, depth + 1)
        separator = ","
    parts.append("]" if value else "[]")


def _scalar(value: float | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _digits(value)
    if isfinite(value):
        return _finite(value)
    if isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _finite(value: float) -> str:
    if _PLAIN_FROM <= abs(value) < _PLAIN_TO:
        # Here Python writes numbers as RFC 8785 does, and much faster.
        return repr(value).removesuffix(".0")
    return rfc8785.dumps(value).decode()


def _digits(value: int) -> str:
    try:
        return int.__repr__(value)
    except ValueError:
        raise BadInput("An integer has more than 4,300 digits; send a smaller one.") from None


def _text(value: str) -> str:
    written = encode_basestring(value)
    try:
        written.encode()
    except UnicodeEncodeError:
        return "".join(
            f"\\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else char for char in written
        )
    return written


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")
