"""What a journal adds up to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dragoman.telemetry.minutes import SPREAD, Minutes, Totals
from dragoman.telemetry.read import records
from dragoman.telemetry.record import Record, Result


@dataclass(frozen=True, slots=True)
class Summary:
    """`unfinished` began and have no end in the journal: running now, or cut off by a crash.

    A proposal that several rounds asked about is one waiting call, until it runs or is refused.
    `lost` is how many records a sick disk could not take. Times are empty without records.
    """

    calls: int
    results: Mapping[Result, int]
    tools: Mapping[str, int]
    people: int
    minutes: Totals
    unfinished: int
    lost: int
    first: str
    last: str


class _Sum:
    def __init__(self) -> None:
        self.results: Counter[Result] = Counter()
        self.tools: Counter[str] = Counter()
        self.people: set[str] = set()
        self.running: set[str] = set()
        self.waiting: dict[str, tuple[Result, str]] = {}
        self.lost = 0

    def add(self, record: Record) -> None:
        self.lost += record.lost
        if record.subject:
            self.people.add(record.subject)
        match record.kind:
            case "intent":
                self.running.add(record.call_id)
            case "outcome" | "refusal":
                self._end(record)
            case _ if record.result:
                self.running.discard(record.call_id)
                self.waiting[record.proposal or record.call_id] = (record.result, record.tool)
            case _:
                pass

    def _end(self, record: Record) -> None:
        self.running.discard(record.call_id)
        self.waiting.pop(record.proposal or record.call_id, None)
        self.count(record.result or "refused", record.tool)

    def count(self, result: Result, tool: str) -> None:
        self.results[result] += 1
        if result != "refused":
            self.tools[tool] += 1


def summary(folder: Path, spread: float = SPREAD) -> Summary:
    """Calls by their end, people, and minutes saved as a range."""
    minutes, total = Minutes(spread), _Sum()
    first = last = ""
    for stored in records(folder):
        first, last = first or stored.time, stored.time
        minutes.add(stored)
        total.add(stored.record)
    for result, tool in total.waiting.values():
        total.count(result, tool)
    return Summary(
        calls=total.results.total(),
        results=dict(total.results),
        tools=dict(total.tools.most_common()),
        people=len(total.people),
        minutes=minutes.totals,
        unfinished=len(total.running),
        lost=total.lost,
        first=first,
        last=last,
    )
