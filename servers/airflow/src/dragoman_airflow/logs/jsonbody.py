"""The JSON answer of Airflow's log endpoint, scanned in pieces: nothing of it is ever whole."""

import codecs
import json
import re
from collections.abc import Iterator
from enum import Enum, auto

from dragoman_airflow.logs.rawlines import Gathering, RawLine

__all__ = ["JsonScanner"]

_TOKEN_LIMIT = 1 << 16
_KEY = re.compile(rb'[\s{,]*"((?:[^"\\]++|\\.)*+)"\s*:\s*(?=\S)', re.DOTALL)
_SCALAR = re.compile(rb'\s*("(?:[^"\\]++|\\.)*+"|[^\s",\[\]{}]++(?=[\s,}]))', re.DOTALL)
_OUTSIDE = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_ELEMENT = re.compile(rb'[{\["\]]')
_OPEN_ESCAPE = re.compile(
    r"(?<!\\)(?:\\\\)*(\\(?:u[0-9a-fA-F]{0,3}|u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?)?)$"
)
_LONGEST_ESCAPE = 12


class _At(Enum):
    KEY = auto()
    VALUE = auto()
    TEXT = auto()
    ARRAY = auto()
    ELEMENT = auto()


class JsonScanner:
    """Records of a `content` list as raw lines; a `content` string as text, to be taken."""

    def __init__(self) -> None:
        self.continuation_token: str | None = None
        self._at = _At.KEY
        self._key = b""
        self._held = b""
        self._record = Gathering(is_json=True)
        self._depth = 0
        self._in_string = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text: list[str] = []
        self._open_escape = ""

    def feed(self, chunk: bytes) -> Iterator[RawLine]:
        data, self._held, at = self._held + chunk, b"", 0
        while at < len(data):
            before = self._at, at
            if self._at is _At.ELEMENT:
                at = self._element(data, at)
                if not self._depth and not self._in_string:
                    self._at = _At.ARRAY
                    yield self._record.line(ended=True)
            else:
                at = self._step(data, at)
            if (self._at, at) == before:
                self._hold(data[at:])
                return

    def end(self) -> Iterator[RawLine]:
        """The record that the answer broke off in, if any."""
        if self._at is _At.ELEMENT and self._record.size:
            yield self._record.line(ended=False)

    def take_text(self) -> str:
        """The text of a `content` string that came since the last call."""
        text, self._text = "".join(self._text), []
        return text

    def _step(self, data: bytes, at: int) -> int:
        match self._at:
            case _At.KEY:
                return self._read_key(data, at)
            case _At.VALUE:
                return self._read_value(data, at)
            case _At.TEXT:
                return self._read_text(data, at)
            case _:
                return self._read_array(data, at)

    def _hold(self, rest: bytes) -> None:
        # What is no JSON, or a scalar without end, is given up rather than gathered.
        self._held = rest if len(rest) <= _TOKEN_LIMIT else b""

    def _read_key(self, data: bytes, at: int) -> int:
        found = _KEY.match(data, at)
        if found is None:
            return at
        self._key, at = found[1], found.end()
        if data[at : at + 1] == b"[":
            self._at = _At.ARRAY
            return at + 1
        if self._key == b"content" and data[at : at + 1] == b'"':
            self._at = _At.TEXT
            return at + 1
        self._at = _At.VALUE
        return at

    def _read_value(self, data: bytes, at: int) -> int:
        found = _SCALAR.match(data, at)
        if found is None:
            return at
        if self._key == b"continuation_token" and found[1][:1] == b'"':
            self.continuation_token = _plain(found[1][1:-1].decode("utf-8", "replace"))
        self._at = _At.KEY
        return found.end()

    def _read_text(self, data: bytes, at: int) -> int:
        found = _STRING.match(data, at)
        end = found.end() if found else at
        ended = data[end : end + 1] == b'"'
        text = self._open_escape + self._decoder.decode(data[at:end], final=ended)
        self._open_escape = ""
        if not ended and (cut := _OPEN_ESCAPE.search(text, max(0, len(text) - _LONGEST_ESCAPE))):
            self._open_escape, text = cut[1], text[: cut.start(1)]
        self._text.append(_plain(text))
        if ended:
            self._at = _At.KEY
            return end + 1
        return end

    def _read_array(self, data: bytes, at: int) -> int:
        found = _ELEMENT.search(data, at)
        if found is None:
            return len(data)
        if found[0] == b"]":
            self._at = _At.KEY
            return found.end()
        self._at = _At.ELEMENT
        self._in_string = found[0] == b'"'
        self._depth = 0 if self._in_string else 1
        self._record.take(found[0])
        return found.end()

    def _element(self, data: bytes, at: int) -> int:
        begin = at
        while at < len(data):
            if self._in_string:
                found = _STRING.match(data, at)
                at = found.end() if found else at
                if data[at : at + 1] != b'"':
                    break
                self._in_string = False
                at += 1
            else:
                found = _OUTSIDE.match(data, at)
                at = found.end() if found else at
                at += self._bracket(data[at : at + 1])
            if not self._depth and not self._in_string:
                break
        self._record.take(data[begin:at])
        return at

    def _bracket(self, char: bytes) -> int:
        if char in {b"{", b"["}:
            self._depth += 1
        elif char in {b"}", b"]"}:
            self._depth -= 1
        else:
            self._in_string = char == b'"'
        return len(char)


def _plain(text: str) -> str:
    """A JSON string's content, unescaped; broken escapes stay as they are."""
    if "\\" not in text:
        return text
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text
