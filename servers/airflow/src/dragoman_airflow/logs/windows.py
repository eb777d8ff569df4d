"""A few lines of a log: from a number on, its tail, around a line, or around its errors."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from dragoman_airflow.logs.layouts import Level
from dragoman_airflow.logs.lines import Counts, LogDecoder, LogLine
from dragoman_airflow.logs.quoted import QuotedLine, quote_all
from dragoman_airflow.logs.skimming import Skimmer, is_telling

__all__ = ["Around", "Errors", "Span", "Tail", "Want", "Window", "WindowReader"]

MOST = 500
_SIZE = 1 << 21


@dataclass(frozen=True, slots=True)
class Span:
    """`count` lines from the line `first` on."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Tail:
    """The last `count` lines."""

    count: int


@dataclass(frozen=True, slots=True)
class Around:
    """A line that was cited, with `context` lines on both sides; `sha256` of it, if known."""

    line: int
    context: int = 5
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Errors:
    """Lines logged as errors and tracebacks, `context` lines around each, the last `most` lines."""

    context: int = 3
    most: int = 100


Want = Span | Tail | Around | Errors


@dataclass(frozen=True, slots=True)
class Window:
    """Lines in order. `total` is the log's number of lines, None where it was not read to the end.

    `unchanged` says whether a cited line is still the one it was; None if that was not asked.
    """

    lines: tuple[QuotedLine, ...]
    total: int | None
    counts: Counts
    matched: int
    unchanged: bool | None = None
    token: str | None = None


class WindowReader:
    """Reads a log for one window: `feed` each chunk until `is_done`, then `end`."""

    def __init__(self, content_type: str, want: Want, first: int = 1) -> None:
        self._decoder = LogDecoder(content_type, first)
        self._want = want
        self._kept: deque[LogLine] = deque()
        self._size = 0
        self._context = want.context if isinstance(want, Errors) else 1
        self._before: deque[LogLine] = deque(maxlen=self._context)
        self._after = 0
        self._matched = 0
        self._unchanged: bool | None = None
        self._last = 0
        self._take: Callable[[LogLine], None] = (
            self._tail
            if isinstance(want, Tail)
            else self._error
            if isinstance(want, Errors)
            else self._span
        )
        self._from, self._to = _bounds(want)
        keep = want.count if isinstance(want, Tail) else 2 * self._context
        self._skimmer = Skimmer(self._decoder, self._line, self._is_dull, keep + 4)

    @property
    def is_done(self) -> bool:
        """Whether no later line can be wanted."""
        return self._last >= self._to

    def feed(self, chunk: bytes) -> None:
        self._skimmer.feed(chunk)

    def end(self, *, at_end: bool = True) -> Window:
        """The window; `at_end` is false where the log was not read on."""
        if at_end:
            self._skimmer.end()
        return Window(
            quote_all(tuple(self._kept)),
            self._decoder.counts.lines if at_end else None,
            self._decoder.counts,
            self._matched,
            self._unchanged,
            self._decoder.continuation_token,
        )

    def _is_dull(self, block: bytes, number: int) -> bool:
        if b"PRIVATE KEY" in block:
            return False
        match self._want:
            case Tail():
                return True
            case Errors():
                return not self._after and not is_telling(block, is_json=self._decoder.is_json)
            case _:
                return number > self._to or number + block.count(b"\n") <= self._from - 1

    def _line(self, line: LogLine) -> None:
        self._last = line.number
        self._take(line)

    def _span(self, line: LogLine) -> None:
        if not self._from <= line.number <= self._to:
            return
        if isinstance(self._want, Around) and line.number == self._want.line and self._want.sha256:
            self._unchanged = line.raw.sha256 == self._want.sha256
        if len(self._kept) < MOST and self._size < _SIZE:
            self._matched += 1
            self._keep(line)

    def _tail(self, line: LogLine) -> None:
        self._matched += 1
        self._keep(line)
        self._drop(min(self._want.count if isinstance(self._want, Tail) else 1, MOST))

    def _error(self, line: LogLine) -> None:
        want = self._want if isinstance(self._want, Errors) else Errors()
        if line.is_error or "Traceback (most recent call last):" in line.text:
            self._matched += 1
            for one in self._before:
                self._keep(one)
            self._before.clear()
            self._keep(line)
            self._after = want.context
        elif self._after and (line.has_head or line.level is not Level.NONE):
            self._after -= 1
            self._keep(line)
        elif self._after:
            self._keep(line)
        elif want.context:
            self._before.append(line)
        self._drop(min(want.most, MOST))

    def _keep(self, line: LogLine) -> None:
        self._kept.append(line)
        self._size += len(line.text)

    def _drop(self, most: int) -> None:
        while len(self._kept) > most or (self._size > _SIZE and len(self._kept) > 1):
            self._size -= len(self._kept.popleft().text)


def _bounds(want: Want) -> tuple[int, float]:
    match want:
        case Span(first, count):
            return max(1, first), max(1, first) + min(count, MOST) - 1
        case Around(line, context):
            return max(1, line - context), line + context
        case _:
            return 1, float("inf")
