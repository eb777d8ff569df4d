"""Airflow 2's `content`: the text inside of Python's `[('host', 'text'), …]`, piece by piece."""

import re
from enum import Enum, auto

__all__ = ["TupleText"]

_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))", re.DOTALL
)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\n": ""}
_STOPS = {
    "'": re.compile(r"(?:[^'\\]++|\\.)*+", re.DOTALL),
    '"': re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL),
}
_OPENING = re.compile(r"\s*\[\s*[(\[]")
_LONGEST_ESCAPE = 10


class _At(Enum):
    START = auto()
    PLAIN = auto()
    BETWEEN = auto()
    INSIDE = auto()


class TupleText:
    """Hosts and texts as lines, in order; content that is no list of tuples comes as it is."""

    def __init__(self) -> None:
        self._at = _At.START
        self._held = ""
        self._quote = ""

    def feed(self, piece: str) -> str:
        text, self._held = self._held + piece, ""
        if self._at is _At.START:
            if len(text) < 8 and "[(".startswith(text.strip()[:2]):
                self._held = text
                return ""
            self._at = _At.BETWEEN if _OPENING.match(text) else _At.PLAIN
        return text if self._at is _At.PLAIN else self._inside(text)

    def end(self) -> str:
        """What was held back, of content that ended early."""
        held, self._held = self._held, ""
        if self._at is _At.INSIDE:
            return _unescaped(held)
        return held if self._at in {_At.START, _At.PLAIN} and held.strip() not in {"[]", ""} else ""

    def _inside(self, text: str) -> str:
        out: list[str] = []
        at = 0
        while at < len(text):
            if self._at is _At.BETWEEN:
                at = self._open(text, at)
                continue
            end = self._end_of_string(text, at)
            out.append(_unescaped(text[at:end]))
            at = end
            if at < len(text) and text[at] == self._quote:
                out.append("\n")
                self._at = _At.BETWEEN
                at += 1
            elif at < len(text):
                self._held = text[at:]
                break
        return "".join(out)

    def _open(self, text: str, at: int) -> int:
        found = min((i for q in "'\"" if (i := text.find(q, at)) >= 0), default=-1)
        if found < 0:
            return len(text)
        self._quote = text[found]
        self._at = _At.INSIDE
        return found + 1

    def _end_of_string(self, text: str, at: int) -> int:
        """Where the string, or what is whole of it, ends: never within an escape."""
        found = _STOPS[self._quote].match(text, at)
        end = found.end() if found else at
        if end < len(text):
            return end
        cut = text.rfind("\\", max(at, end - _LONGEST_ESCAPE), end)
        if cut >= 0 and _is_open(text[cut:end]) and not _is_escaped(text, at, cut):
            return cut
        return end


def _is_open(escape: str) -> bool:
    """Whether more digits could belong to an escape at the end of a piece."""
    lengths = {"x": 4, "u": 6, "U": 10}
    return len(escape) < lengths.get(escape[1:2], 2)


def _is_escaped(text: str, begin: int, at: int) -> bool:
    count = 0
    while at - count > begin and text[at - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_meant, text) if "\\" in text else text


def _meant(match: re.Match[str]) -> str:
    for group in (1, 2, 3):
        if digits := match[group]:
            code = int(digits, 16)
            return chr(code) if code < 0x110000 else "\ufffd"
    if match[4]:
        return chr(int(match[4], 8))
    return _SIMPLE.get(match[5], match[5])
