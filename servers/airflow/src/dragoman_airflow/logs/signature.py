"""What makes two failures the same one: types, words and place, without what varies."""

import re
from hashlib import sha256

from dragoman_airflow.logs.exceptions import Chain, Raised, flattened

__all__ = ["signature_of", "template_of"]

_LENGTH = 16
_MESSAGE = 400
_UNIT = r"(?:ns|us|µs|ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)"
_CODE = (
    r"(?i:\b(?:errno|status|status[ _]code|http|exit[ _](?:code|status)|return(?:ed)?[ _]code"
    r"|returncode|error[ _]code|signal|sqlstate|sigterm)\b['\"]?[\s:=#\])]{0,3})"
)
_PARTS = re.compile(
    rf"(?P<code>{_CODE}-?\d{{1,5}}\b|\[Errno -?\d+\]|\b[1-5]\d\d (?:Client|Server) Error\b"
    r"|\b(?:ORA|SQLSTATE|DB2)-?\d{4,5}\b)"
    r"|(?P<time>\b\d{4}-\d\d-\d\d(?:[T _]\d\d[:_.]?\d\d(?:[:_.]?\d\d(?:[.,]\d+)?)?)?"
    r"(?:\s?(?:Z|UTC|[+-]\d\d:?\d\d))?(?![\w])|\b\d{8}T\d{6}Z?\b|\b\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?\b)"
    r"|(?P<uuid>\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b)"
    r"|(?P<path>(?<![\w.])(?:[a-z][a-z0-9+.\-]{1,20}://[^\s'\",;()<>\[\]{}]+"
    r"|(?:\.{0,2}|~)/[^\s'\",;:()<>\[\]{}]*[^\s'\",;:.()<>\[\]{}]"
    r"|[A-Za-z]:\\[^\s'\",;()<>\[\]{}]+"
    r"|[\w.\-=]+(?:/[\w.\-=%]+)*/[\w.\-=%]*\d[\w.\-=%]*))"
    r"|(?P<hex>\b0x[0-9a-fA-F]+\b|\b(?=[0-9a-f]*\d)(?=[0-9]*[a-f])[0-9a-f]{7,}\b)"
    rf"|(?P<span>\b\d+(?:[.,]\d+)?\s?{_UNIT}\b)"
    r"|(?P<id>\b(?=\w*\d)(?=\w*[A-Za-z])[A-Za-z0-9]{8,}\b)"
    r"|(?P<number>\d+(?:[.,]\d+)*)"
)
_MARKS = {
    "time": "<time>",
    "uuid": "<id>",
    "path": "<path>",
    "hex": "<id>",
    "span": "<span>",
    "id": "<id>",
    "number": "<n>",
}


def signature_of(chain: Chain, said: str = "") -> str:
    """Sixteen hex digits, equal for failures that differ in ids, numbers, times and paths only.

    Of every exception its class, the words of its message and the function it was raised in;
    of a failure without an exception the words of its line. Status, errno and exit codes count.
    """
    parts = [_part(raised) for raised in flattened(chain)] or [template_of(said)]
    return sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:_LENGTH]


def template_of(text: str) -> str:
    """The text with what varies from one instance to the next replaced by a mark of its kind."""
    first = " ".join(text[:_MESSAGE].split())
    return _PARTS.sub(_mark, first)


def _part(raised: Raised) -> str:
    place = raised.user_frames[0] if raised.user_frames else None
    where = f"{place.file.rsplit('/', 1)[-1]}:{place.name}" if place else ""
    return f"{raised.simple}|{template_of(raised.message)}|{template_of(where)}"


def _mark(match: re.Match[str]) -> str:
    kind = match.lastgroup or "number"
    return match[0] if kind == "code" else _MARKS[kind]
