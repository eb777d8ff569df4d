"""Hides secrets in text and JSON where they leave.

Works on whole lines or whole texts: a secret cut by a chunk's border is not recognised, so a
caller that streams must redact before it cuts. Time is linear in the text.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from pydantic_core import SchemaValidator, core_schema

from dragoman.answer import secret_pairs, secret_shapes
from dragoman.answer.canonical import Json
from dragoman.answer.secret_keys import MARK, Secrecy, is_secret, secrecy

_PASSES = 4  # what is hidden can lay bare another pair; a second pass nearly always ends it


def redact(text: str) -> str:
    """The text with each secret replaced by `[redacted]`; keys stay, and so does other text."""
    for _ in range(_PASSES):
        if not _suspicious(text):
            return text
        before, text = text, _once(text)
        if text == before:
            return text
    return text


def redact_json(value: Json) -> Json:
    """The value with secrets hidden by key name and by shape.

    Keeps types and shape: strings become `[redacted]`, numbers beside a secret's key 0.
    """
    match value:
        case str():
            return redact(value)
        # A dict is told from other mappings in a tenth of the time.
        case dict() | Mapping():
            return _redact_object(value)
        case Sequence():
            return _redact_array(value)
        case _:
            return value


def _once(text: str) -> str:
    for hints, pattern in secret_shapes.compiled():
        if any(hint in text for hint in hints):
            text = pattern.sub(_hide, text)
    return secret_pairs.redact_pairs(text)


def _redact_object(value: Mapping[str, Json]) -> Json:
    named = next((value[k] for k in ("name", "key", "Name", "Key") if k in value), None)
    pair = secrecy(named) if isinstance(named, str) else Secrecy.NONE
    return {
        redact(key): _beside(key, item, pair if key in {"value", "Value"} else secrecy(key))
        for key, item in value.items()
    }


def _redact_array(value: Sequence[Json]) -> Json:
    if len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], str):
        return [redact(value[0]), _beside(value[0], value[1], secrecy(value[0]))]
    return [redact_json(item) for item in value]


def _beside(key: str, value: Json, known: Secrecy) -> Json:
    match value:
        case _ if known is Secrecy.NONE:
            return redact_json(value)
        case str():
            return MARK if is_secret(value, known, key=key) else redact(value)
        case Mapping():
            return {redact(k): _beside(key, v, max(known, secrecy(k))) for k, v in value.items()}
        case Sequence():
            return [_beside(key, item, known) for item in value]
        case _:
            return _number(value, known)


def _number(value: float | None, known: Secrecy) -> Json:
    if value is None or isinstance(value, bool) or known is not Secrecy.SURE:
        return value
    return type(value)(0)


def _suspicious(text: str) -> bool:
    """Whether anything in the text could be a secret; false for nearly all text, and fast."""
    if _filter().isinstance_python(text):
        return True
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


@cache
def _filter() -> SchemaValidator:
    # Rust's regex, which pydantic carries, is linear and ten times as fast as Python's.
    pattern = f"{secret_shapes.probe()}|{secret_pairs.PROBE}"
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


def _hide(match: re.Match[str]) -> str:
    if "secret" not in match.re.groupindex:
        return MARK
    start, end = match.span("secret")
    if start == end:
        return match[0]
    return match.string[match.start() : start] + MARK + match.string[end : match.end()]
