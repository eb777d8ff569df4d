"""A log's bytes as they come from Airflow, cut into raw lines without ever being whole."""

from collections.abc import Iterator
from typing import Protocol

from dragoman_airflow.logs.jsonbody import JsonScanner
from dragoman_airflow.logs.rawlines import LINE_LIMIT, Gathering, RawLine
from dragoman_airflow.logs.tuples import TupleText

__all__ = ["Body", "JsonBody", "LineBody", "body_of"]


class Body(Protocol):
    """What turns the chunks of one response into lines."""

    @property
    def continuation_token(self) -> str | None: ...

    @property
    def is_between_lines(self) -> bool:
        """Whether no line is open, so that whole lines may be left out; never true of JSON."""
        ...

    def feed(self, chunk: bytes) -> Iterator[RawLine]: ...

    def end(self) -> Iterator[RawLine]: ...


class LineBody:
    """NDJSON or text/plain: a line is what a newline ends."""

    def __init__(self, *, is_json: bool) -> None:
        self.is_json = is_json
        self._open = Gathering(is_json=is_json)

    @property
    def continuation_token(self) -> str | None:
        return None

    @property
    def is_between_lines(self) -> bool:
        return not self._open.size

    def feed(self, chunk: bytes) -> Iterator[RawLine]:
        begin = 0
        while (end := chunk.find(b"\n", begin)) >= 0:
            if self._open.size or end - begin > LINE_LIMIT:
                self._open.take(chunk[begin:end])
                yield self._open.line(ended=True)
            else:
                data = chunk[begin:end].removesuffix(b"\r")
                yield RawLine(data, len(data), self.is_json)
            begin = end + 1
        if begin < len(chunk):
            self._open.take(chunk[begin:])

    def end(self) -> Iterator[RawLine]:
        if self._open.size:
            yield self._open.line(ended=False)


class JsonBody:
    """A JSON object with `content`: records (Airflow 3) or text in tuples (Airflow 2)."""

    def __init__(self) -> None:
        self._scanner = JsonScanner()
        self._tuples = TupleText()
        self._text = LineBody(is_json=False)

    @property
    def continuation_token(self) -> str | None:
        return self._scanner.continuation_token

    @property
    def is_between_lines(self) -> bool:
        return False

    def feed(self, chunk: bytes) -> Iterator[RawLine]:
        yield from self._scanner.feed(chunk)
        if text := self._scanner.take_text():
            yield from self._text.feed(_encoded(self._tuples.feed(text)))

    def end(self) -> Iterator[RawLine]:
        yield from self._scanner.end()
        yield from self._text.feed(_encoded(self._tuples.end()))
        yield from self._text.end()


def body_of(content_type: str) -> Body:
    """The body for a response's content type; anything unknown is read as text."""
    kind = content_type.split(";", 1)[0].strip().lower()
    if kind == "application/json":
        return JsonBody()
    return LineBody(is_json=kind in {"application/x-ndjson", "application/jsonl"})


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")
