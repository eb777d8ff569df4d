"""Minutes saved: a claim per call, counted once for the same work in the same hour."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from dragoman.telemetry.record import Stored

# A claim is a guess about an average: without measurements half as much either way is honest.
SPREAD = 0.5
PAGING = frozenset(
    {"cursor", "limit", "max_tokens", "offset", "page", "page_size", "page_token", "start"}
)
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Totals:
    """Minutes as a range. `calls` is every call with a claim, `counted` those that added to it."""

    calls: int
    counted: int
    low: float
    mid: float
    high: float


class Minutes:
    """Adds up claims as records pass by, oldest first.

    Only successful calls of a person's agent count, once per (person, tool, arguments without
    paging) and hour of the journal's clock (UTC). A service alone saves nobody's time.
    """

    def __init__(self, spread: float = SPREAD) -> None:
        self._spread = spread
        self._seen: set[tuple[str, ...]] = set()
        self._calls = 0
        self._sum = 0.0

    def add(self, stored: Stored) -> None:
        record = stored.record
        claimed = record.kind == "outcome" and record.result == "success" and record.minutes > 0
        if not claimed or not record.subject:
            return
        self._calls += 1
        work = record.work_digest or record.arguments_digest
        key = (record.subject, record.server, record.tool, work, stored.time[:13])
        if key not in self._seen:
            self._seen.add(key)
            self._sum += record.minutes

    @property
    def totals(self) -> Totals:
        low, high = self._sum * (1 - self._spread), self._sum * (1 + self._spread)
        return Totals(self._calls, len(self._seen), low, self._sum, high)


def fold(records: Iterable[Stored], spread: float = SPREAD) -> Totals:
    """What the records add up to; `spread` is the manifest's, as a share of the claim."""
    minutes = Minutes(spread)
    for stored in records:
        minutes.add(stored)
    return minutes.totals


def unpaged(arguments: Mapping[str, _Value]) -> dict[str, _Value]:
    """The arguments that say which work is done, without those that say which part is shown."""
    return {name: value for name, value in arguments.items() if name not in PAGING}
