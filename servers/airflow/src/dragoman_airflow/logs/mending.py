"""A JSON record of which only the beginning is there, read as far as it goes."""

import re

import msgspec

__all__ = ["mended"]

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+("?)|[\[\]{},]|[^"\[\]{},]++', re.DOTALL)
_CLOSING = {"[": "]", "{": "}"}
_TRIES = 6


def mended(text: str) -> object:
    """The record with what is open closed and a broken last part dropped; else the text."""
    ends: list[tuple[int, str]] = []
    stack: list[str] = []
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token in _CLOSING:
            stack.append(_CLOSING[token])
            ends.append((found.end(), ""))
        elif token in {"]", "}"} and stack:
            stack.pop()
            ends.append((found.end(), ""))
        elif token == ",":
            ends.append((found.start(), ""))
        elif token[:1] == '"' and not found[1]:
            cut = re.sub(r"\\(?:u[0-9a-fA-F]{0,3})?$", "", text[found.start() : found.end()])
            ends.append((found.start() + len(cut), '"'))
        if len(ends) > _TRIES * 4:
            del ends[: _TRIES * 2]
    for end, quote in reversed(ends[-_TRIES:]):
        record = _decode(text[:end] + quote)
        if record is not None:
            return record
    return text


def _decode(text: str) -> object | None:
    stack: list[str] = []
    for found in _TOKEN.finditer(text):
        if found[0] in _CLOSING:
            stack.append(_CLOSING[found[0]])
        elif found[0] in {"]", "}"} and stack:
            stack.pop()
    try:
        decoded: object = msgspec.json.decode((text + "".join(reversed(stack))).encode())
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    return decoded
