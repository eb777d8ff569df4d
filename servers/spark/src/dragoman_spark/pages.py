"""A few lines of a log file, from a place an answer cited."""

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256 as hashed

from dragoman.answer.budget import Budget, tokens
from dragoman.answer.handover import Handover
from dragoman.answer.secret_keys import MARK
from dragoman.answer.untrusted import Untrusted
from dragoman.errors import BadInput
from dragoman_spark.models import LogLine, LogLines
from dragoman_spark.sources import Sources
from dragoman_spark.sources.codecs import decode

_STEP = 1 << 18
_LONGEST_LINE = 2_000
_LINE_LIMIT = 16 << 20
_MARGIN = 8_192
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z0-9 ]{1,40}-----\s*$")
_KEY_LINE = re.compile(r"\s*(?=[a-z0-9+/]*[A-Z])(?=[A-Z0-9+/]*[a-z])[A-Za-z0-9+/]{60,}={0,2}\s*")
_KEY_END = re.compile(r"\s*[A-Za-z0-9+/]+={0,2}\s*")


def page(  # each is one argument of read_log
    sources: Sources,
    name: str,
    offset: int,
    line: int | None,
    expected: str | None,
    count: int,
    budget: Budget,
) -> LogLines:
    """At most `count` whole lines from the line that begins at `offset`, within the budget.

    `line` is the number of the first; without it only a file's start is numbered. Raises
    LogUnreadable for a file outside the roots and BadInput when no such line begins there.
    """
    number = _number(offset, line)
    raws, at_end = _lines(sources, name, offset, count)
    unchanged = None if expected is None else hashed(raws[0]).hexdigest() == expected
    shown: list[LogLine] = []
    left = budget.less("x" * 400).max_tokens
    for raw, text in zip(raws, _readable(raws), strict=True):
        left -= tokens(text) + 20
        if shown and left < 0:
            at_end = False
            break
        shown.append(LogLine(line=number, offset=offset, text=text))
        offset, number = offset + len(raw) + 1, None if number is None else number + 1
    onward: dict[str, str | int] = {"file": name, "offset": offset}
    if number is not None:
        onward["line"] = number
    return LogLines(
        file=name,
        lines=shown,
        unchanged=unchanged,
        next=None if at_end else Handover(server="spark", tool="read_log", arguments=onward),
    )


def _number(offset: int, line: int | None) -> int | None:
    if offset == 0 and line not in (None, 1):
        raise BadInput("`line` only numbers the line at `offset`; give `offset`, too.")
    return 1 if offset == 0 else line


def _readable(raws: Sequence[bytes]) -> Iterator[Untrusted]:
    """Each line as it may be shown; a key that fills several lines is hidden in all of them."""
    within = False
    for raw in raws:
        text = raw[: _LONGEST_LINE + _MARGIN].decode("utf-8", "replace")
        hidden = bool(_KEY_LINE.fullmatch(text) or (within and _KEY_END.fullmatch(text)))
        within = hidden or bool(_KEY_BEGINS.search(text))
        # Cleaned before it is cut: half a secret is not recognised.
        yield Untrusted(MARK if hidden else Untrusted(text)[:_LONGEST_LINE])


def _lines(sources: Sources, name: str, offset: int, count: int) -> tuple[list[bytes], bool]:
    decoded = decode(sources.file(name))
    buffer = bytearray(_STEP)
    skip, before, rest = offset, b"\n", b""
    raws: list[bytes] = []
    try:
        while size := decoded.readinto(memoryview(buffer)):
            if skip >= size:
                skip -= size
                before = bytes(buffer[size - 1 : size])
                continue
            if skip:
                before = bytes(buffer[skip - 1 : skip])
            if before != b"\n":
                raise BadInput(f"No line begins at offset {offset} of {name}: use cited places.")
            *whole, rest = (rest + bytes(buffer[skip:size])).split(b"\n")
            raws += whole
            skip, before = 0, b"\n"
            if len(raws) > count or len(rest) > _LINE_LIMIT:
                return raws[:count] or [rest], False
    finally:
        decoded.close()
    raws += [rest] if rest else []
    if not raws:
        raise BadInput(f"{name} ends before offset {offset}: the log has changed, ask again.")
    return raws, True
