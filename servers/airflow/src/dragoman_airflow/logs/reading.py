"""One pass over a task's log that keeps what a diagnosis needs, and counts the rest."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dragoman_airflow.logs.exceptions import Chain
from dragoman_airflow.logs.external import ExternalId, Finder
from dragoman_airflow.logs.failures import Failing, Gatherer, Role
from dragoman_airflow.logs.lines import Counts, LogDecoder, LogLine
from dragoman_airflow.logs.quoted import QuotedLine, quote, quote_all
from dragoman_airflow.logs.signature import signature_of
from dragoman_airflow.logs.skimming import Skimmer, is_telling

__all__ = ["Failure", "LogDigest", "LogReader"]

_TAIL = 60
_TAIL_SIZE = 1 << 19
_BEFORE = 20
_ERRORS = 10
_FAILURES = 4
_GROUPS = ("::group::", "::endgroup::")
_PREPARING = ("::group::Pre ", "::group::Log message source")


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception of the log: root first, and up to 20 lines below error before it."""

    line: QuotedLine
    role: Role
    chain: Chain
    before: tuple[QuotedLine, ...]
    signature: str


@dataclass(frozen=True, slots=True)
class LogDigest:
    """What one log says. Lists are bounded; `errors_total` and `failures_total` count all.

    `failures` are in the order of the log; `dropped` counts lines that no list holds.
    `counts` tells what could not be read whole. `token` asks for what a live task writes next.
    """

    counts: Counts
    first_errors: tuple[QuotedLine, ...]
    last_errors: tuple[QuotedLine, ...]
    errors_total: int
    failures: tuple[Failure, ...]
    failures_total: int
    tail: tuple[QuotedLine, ...]
    external: tuple[ExternalId, ...]
    dropped: int
    token: str | None
    evidence: tuple[LogLine, ...] = ()

    @property
    def ending(self) -> Failure | None:
        """The failure that ended the task, as far as the log tells; else the last one there is.

        What follows the first ending is Airflow's tidying up.
        """
        ended = [failure for failure in self.failures if failure.role is Role.ENDING]
        if ended:
            return ended[0]
        for roles in ({Role.LOGGED}, {Role.AFTER}, {Role.PRINTED, Role.NOTED}):
            found = [failure for failure in self.failures if failure.role in roles]
            if found:
                return found[-1]
        return None


class LogReader:
    """Reads one log chunk by chunk: `feed` each chunk, then `end`."""

    def __init__(self, content_type: str, first: int = 1) -> None:
        self._decoder = LogDecoder(content_type, first)
        self._before: deque[LogLine] = deque(maxlen=_BEFORE)
        self._tail: deque[LogLine] = deque()
        self._tail_size = 0
        self._first_errors: list[LogLine] = []
        self._last_errors: deque[LogLine] = deque(maxlen=_ERRORS)
        self._errors = 0
        self._failures = _Kept()
        self._gatherer = Gatherer()
        self._finder = Finder()
        self._is_preparing = False
        self._skimmer = Skimmer(self._decoder, self._add, self._is_dull, _TAIL + 4)

    @property
    def counts(self) -> Counts:
        return self._decoder.counts

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes; at most 1 MB at a time keeps each call short."""
        self._skimmer.feed(chunk)

    def end(self) -> LogDigest:
        """The digest; nothing may be fed after it."""
        self._skimmer.end()
        self._failures.add(self._gatherer.end())
        shown = {line.number for line in [*self._tail, *self._first_errors, *self._last_errors]}
        failures = tuple(_failure(one) for one in self._failures.in_order())
        for failure in failures:
            shown |= {failure.line.number, *(line.number for line in failure.before)}
        return LogDigest(
            replace(self._decoder.counts),
            tuple(quote(line) for line in self._first_errors),
            tuple(quote(line) for line in self._last_errors),
            self._errors,
            failures,
            self._failures.total,
            quote_all(tuple(self._tail)),
            self._finder.found(),
            max(0, self._decoder.counts.lines - len(shown)),
            self._decoder.continuation_token,
            _evidence(self._tail, self._last_errors, self._failures.in_order()),
        )

    def _is_dull(self, block: bytes, number: int) -> bool:
        del number
        return self._gatherer.is_idle and not is_telling(block, is_json=self._decoder.is_json)

    def _add(self, line: LogLine) -> None:
        self._finder.add(line)
        found = self._gatherer.add(line, self._before)
        if found:
            self._failures.add(found)
        if line.is_error:
            self._error(line)
        elif not line.text.startswith(_GROUPS):
            self._before.append(line)
        else:
            self._group(line.text)
        self._tail.append(line)
        self._tail_size += len(line.text)
        while len(self._tail) > _TAIL or (self._tail_size > _TAIL_SIZE and len(self._tail) > 1):
            self._tail_size -= len(self._tail.popleft().text)

    def _group(self, text: str) -> None:
        """What Airflow says before it runs the task's code is no context of a failure in it."""
        if text.startswith("::endgroup::") and self._is_preparing:
            self._before.clear()
        self._is_preparing = text.startswith(_PREPARING)

    def _error(self, line: LogLine) -> None:
        self._errors += 1
        if len(self._first_errors) < _ERRORS:
            self._first_errors.append(line)
        else:
            self._last_errors.append(line)


class _Kept:
    """The first and last few failures, and always the first that ended the task."""

    def __init__(self) -> None:
        self.total = 0
        self._first: list[Failing] = []
        self._last: deque[Failing] = deque(maxlen=_FAILURES)
        self._ending: Failing | None = None

    def add(self, found: Iterable[Failing]) -> None:
        for one in found:
            self.total += 1
            if one.role is Role.ENDING and self._ending is None:
                self._ending = one
            if len(self._first) < _FAILURES:
                self._first.append(one)
            else:
                self._last.append(one)

    def in_order(self) -> list[Failing]:
        ending = [self._ending] if self._ending else []
        unique = {id(one): one for one in [*self._first, *self._last, *ending]}
        return sorted(unique.values(), key=lambda one: one.line.number)


def _failure(one: Failing) -> Failure:
    chain = one.chain()
    return Failure(
        quote(one.line), one.role, chain, quote_all(one.before), signature_of(chain, one.line.text)
    )


def _evidence(
    tail: Iterable[LogLine], errors: Iterable[LogLine], failing: Iterable[Failing]
) -> tuple[LogLine, ...]:
    """Lines to look into for a cause, in order."""
    lines = {line.number: line for line in [*tail, *errors]}
    for one in failing:
        lines |= {line.number: line for line in (*one.before, one.line)}
    return tuple(lines[number] for number in sorted(lines))
