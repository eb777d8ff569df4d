"""A JSON record of which only the beginning is there, read as far as it goes."""

import re
from collections import deque

import msgspec

__all__ = ["mended"]

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+("?)|[\[\]{},]|[^"\[\]{},]++', re.DOTALL)
_CLOSING = {"[": "]", "{": "}"}
_CUT_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?$")
_TRIES = 6


def mended(text: str) -> object:
    """The record with what is open closed and a broken last part dropped; else the text."""
    ends: deque[tuple[int, str]] = deque(maxlen=_TRIES)
    for found in _TOKEN.finditer(text):
        part = found[0]
        if part in _CLOSING or part in {"]", "}"}:
            ends.append((found.end(), ""))
        elif part == ",":
            ends.append((found.start(), ""))
        elif part[:1] == '"' and not found[1]:
            ends.append((found.start() + len(_CUT_ESCAPE.sub("", part)), '"'))
    for end, quote in reversed(ends):
        record = _decoded(text[:end] + quote)
        if record is not None:
            return record
    return text


def _decoded(text: str) -> object | None:
    open_: list[str] = []
    for found in _TOKEN.finditer(text):
        if found[0] in _CLOSING:
            open_.append(_CLOSING[found[0]])
        elif found[0] in {"]", "}"} and open_:
            open_.pop()
    try:
        record: object = msgspec.json.decode((text + "".join(reversed(open_))).encode())
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    return record
