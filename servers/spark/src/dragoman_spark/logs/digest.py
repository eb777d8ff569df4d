"""A process log summed up: failures grouped by what they say, and how the process ended."""

import re
from dataclasses import dataclass, replace

from dragoman_spark.eventlog.places import Place
from dragoman_spark.logs.layouts import Level
from dragoman_spark.logs.records import Kind, Record, records
from dragoman_spark.logs.thrown import Thrown, read_chain
from dragoman_spark.sources.files import LogFile

__all__ = ["Digest", "LogGroup", "Signal", "read_log"]

_GROUP_LIMIT = 400
_SIGNAL_LIMIT = 200
_TEXT_LIMIT = 16_000
_WORDS = frozenset({Kind.LOGGED, Kind.PRINTED})
_LOSING = "Dropping event from queue eventLog"
_LOST = re.compile(r"Dropped (\d{1,15}) events from eventLog\b")
_OWN = re.compile(r"^(?:org\.apache|org\.sparkproject|io\.delta|io\.netty|org\.eclipse)\.")
_NUMBERS = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\d+")


@dataclass(frozen=True, slots=True)
class LogGroup:
    """Records that say the same but for numbers; `text` and `chain` are those of the first.

    `trailing` counts printed lines after the last one, if that is a traceback.
    """

    kind: Kind
    level: Level
    logger: str
    message: str
    text: str
    chain: tuple[Thrown, ...]
    count: int
    first: Place
    last: Place
    first_time: int | None
    last_time: int | None
    trailing: int = 0

    @property
    def is_data(self) -> bool:
        """Whether this is words, which name no failure: printed, or logged by none of Spark's.

        A stack trace below makes a message more than words, whoever logged it.
        """
        if self.kind is Kind.LOGGED:
            return _is_foreign(self.logger) and not any(one.frames for one in self.chain)
        return self.kind is Kind.PRINTED


@dataclass(frozen=True, slots=True)
class Signal:
    """An INFO line that tells how work began or the process ended."""

    message: str
    time: int | None
    place: Place
    logger: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """One log file. Groups stand in the order of their first record; `dropped` counts the rest.

    `lost_events` is how many events the driver says it dropped from its event log, at least.
    """

    file: str
    size: int
    groups: tuple[LogGroup, ...]
    signals: tuple[Signal, ...]
    dropped: int
    first_time: int | None
    lost_events: int = 0

    @property
    def printed(self) -> tuple[LogGroup, ...]:
        """Tracebacks and uncaught exceptions, the one that came last at the end."""
        found = [group for group in self.groups if group.kind not in _WORDS]
        return tuple(sorted(found, key=lambda group: group.last))


def read_log(file: LogFile) -> Digest:
    """The digest of one log file, in one pass. Raises LogUnreadable."""
    tally = _Tally()
    for record in records(file):
        tally.add(record)
    return Digest(
        file.name,
        file.size,
        tuple(tally.groups.values()),
        tuple(tally.signals),
        tally.dropped,
        tally.first_time,
        tally.lost_events or int(tally.is_losing),
    )


class _Tally:
    def __init__(self) -> None:
        self.groups: dict[tuple[str, ...], LogGroup] = {}
        self.signals: list[Signal] = []
        self.dropped = 0
        self.first_time: int | None = None
        self.lost_events = 0
        self.is_losing = False

    def add(self, record: Record) -> None:
        if self.first_time is None:
            self.first_time = record.head.time
        if record.head.level < Level.WARN:
            self._signal(record)
        else:
            self._count_lost(record)
            self._group(record)

    def _count_lost(self, record: Record) -> None:
        """Spark reports the first drop at once, and how many they were once a minute at most."""
        if lost := _LOST.match(record.head.message):
            self.lost_events += int(lost[1])
        self.is_losing = self.is_losing or record.head.message.startswith(_LOSING)

    def _signal(self, record: Record) -> None:
        if len(self.signals) >= _SIGNAL_LIMIT:
            del self.signals[_SIGNAL_LIMIT // 2]
        message = record.head.message[:500]
        self.signals.append(Signal(message, record.head.time, record.place, _logger(record)))

    def _group(self, record: Record) -> None:
        key = _key(record)
        known = self.groups.get(key)
        if known is not None:
            self.groups[key] = replace(
                known,
                count=known.count + 1,
                last=record.place,
                last_time=record.head.time,
                trailing=record.trailing,
            )
        elif len(self.groups) >= _GROUP_LIMIT:
            self.dropped += 1
        else:
            self.groups[key] = _first(record)


def _key(record: Record) -> tuple[str, ...]:
    body = record.body
    said = [line for line in body if not line.startswith((" ", "\t"))][:6]
    frames = [line for line in body if line.startswith("\tat ")][:5]
    shape = [record.head.message[:300], *said]
    return (record.kind, record.head.logger, *(_NUMBERS.sub("#", text) for text in shape), *frames)


def _logger(record: Record) -> str:
    """The last name of a logger of Spark or its libraries, the whole name of any other."""
    name = record.head.logger
    return name.rsplit(".", 1)[-1] if _OWN.match(name) else name


def _is_foreign(logger: str) -> bool:
    """Python's and other programs' loggers; in Spark's layout a class stands without package."""
    return "." in logger or not logger[:1].isupper()


def _first(record: Record) -> LogGroup:
    text = record.text[:_TEXT_LIMIT]
    head = record.head
    return LogGroup(
        record.kind,
        head.level,
        _logger(record),
        head.message[:2_000],
        text,
        read_chain(text),
        1,
        record.place,
        record.place,
        head.time,
        head.time,
        record.trailing,
    )
