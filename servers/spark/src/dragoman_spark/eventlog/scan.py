"""The one pass over a log: cheap for the many task events, whole for the few others."""

import msgspec

from dragoman_spark.eventlog.connecting import Connecting
from dragoman_spark.eventlog.grouping import FailureGroups
from dragoman_spark.eventlog.handlers import Handler, Texts
from dragoman_spark.eventlog.header import Header
from dragoman_spark.eventlog.lines import LineBuffer
from dragoman_spark.eventlog.places import Damage, DamageKind, Place
from dragoman_spark.eventlog.querying import Querying
from dragoman_spark.eventlog.scheduling import Scheduling
from dragoman_spark.eventlog.tally import Line
from dragoman_spark.eventlog.taskends import UNREADABLE, TaskEnds
from dragoman_spark.sources.codecs import Decoded, decode
from dragoman_spark.sources.files import LogFile

_EVENT = b'{"Event":"'
_TASK_START = b'{"Event":"SparkListenerTaskStart"'
_TASK_END = b'{"Event":"SparkListenerTaskEnd"'
_KINDS = 500


class _AnyEvent(msgspec.Struct):
    kind: str = msgspec.field(name="Event")


class Scan:
    """Collects facts from files given in the order they were written."""

    def __init__(self) -> None:
        texts = Texts()
        self.header = Header()
        self.scheduling = Scheduling(texts)
        self.querying = Querying(texts)
        self.connecting = Connecting(texts)
        self.failures = FailureGroups()
        self._tasks = TaskEnds(self.scheduling, self.failures)
        self.events: dict[str, int] = {}
        self.last: tuple[str, Place] | None = None
        self.latest: int | None = None
        self.damage: dict[tuple[DamageKind, str], Damage] = {}
        self._handlers: dict[str, Handler] = {
            **self.header.handlers(),
            **self.scheduling.handlers(),
            **self.querying.handlers(),
            **self.connecting.handlers(),
            "SparkListenerTaskEnd": self._tasks.add_whole,
        }
        self._decode_kind = msgspec.json.Decoder(_AnyEvent).decode
        self._file = ""
        self._line = 0

    def read(self, file: LogFile) -> None:
        """Adds one file's events; raises LogUnreadable when it cannot be opened or read."""
        decoded = decode(file)
        try:
            self._read(file, decoded)
        finally:
            decoded.close()

    def note(self, kind: DamageKind, file: str, place: Place | None = None, count: int = 1) -> None:
        """Records damage, once for each kind and file, counting the rest."""
        known = self.damage.get((kind, file))
        self.damage[kind, file] = Damage(
            kind, file, known.place if known else place, count + (known.count if known else 0)
        )

    def _read(self, file: LogFile, decoded: Decoded) -> None:
        self._file, self._line = file.name, 0
        buffer = LineBuffer(decoded)
        while buffer.fill() and self.header.foreign is None:
            self._lines(buffer.data, buffer.end, buffer.base)
        if self.header.foreign is not None:
            self.note(DamageKind.SECOND_APPLICATION, file.name, self.header.foreign)
            return
        self._end(file.name, buffer, decoded)

    def _end(self, name: str, buffer: LineBuffer, decoded: Decoded) -> None:
        place = Place(name, buffer.base, self._line + 1)
        if buffer.tail.strip():
            self._last_line(buffer.tail, place)
        for offset in buffer.skipped:
            self.note(DamageKind.LONG_LINE, name, Place(name, offset, 0))
        if decoded.cut:
            self.note(DamageKind.CUT_FRAME, name, place)
        if decoded.source.grew:
            self.note(DamageKind.GREW, name)
        if decoded.source.shrank:
            self.note(DamageKind.SHRANK, name)

    def _last_line(self, tail: bytes, place: Place) -> None:
        try:
            msgspec.json.decode(tail, type=_AnyEvent)
        except UNREADABLE:
            ours = tail.startswith(_EVENT) or _EVENT.startswith(tail)
            self.note(DamageKind.CUT_LINE if ours else DamageKind.BAD_LINE, place.file, place)
        else:
            self._lines(bytearray(tail) + b"\n", len(tail) + 1, place.offset)

    def _lines(self, data: bytearray, end: int, base: int) -> None:
        find, starts, take = data.find, data.startswith, self._tasks.take
        whole: list[Line] = []
        at = last = launched = ended = 0
        line = self._line
        with memoryview(data) as view:
            while at < end:
                stop = find(b"\n", at, end)
                line += 1
                if starts(_TASK_END, at):
                    ended += 1
                    if not take(data, view, at, stop, line):
                        whole.append((at, stop, line))
                elif starts(_TASK_START, at):
                    launched += 1
                elif not self._other(data, at, stop, base, line):
                    break
                last = at
                at = stop + 1
            whole += self._tasks.settle(self._file, base)
        for begin, stop, number in sorted(whole):
            self._whole_task(bytes(data[begin:stop]), Place(self._file, base + begin, number))
        self._line = line
        self._count("SparkListenerTaskStart", launched)
        self._count("SparkListenerTaskEnd", ended)
        self._finish(data, last, base, line)

    def _finish(self, data: bytearray, last: int, base: int, line: int) -> None:
        """Keeps what the chunk ended with."""
        kind = _kind(data, last)
        if kind:
            self.last = (kind, Place(self._file, base + last, line))
        if self._tasks.latest:
            self.latest = max(self.latest or 0, self._tasks.latest)

    def _count(self, kind: str, count: int) -> None:
        if count and (kind in self.events or len(self.events) < _KINDS):
            self.events[kind] = self.events.get(kind, 0) + count

    def _other(self, data: bytearray, at: int, stop: int, base: int, line: int) -> bool:
        """Handles any event but a task's; false where another application begins."""
        place = Place(self._file, base + at, line)
        text = bytes(data[at:stop])
        if not text.strip():
            return True
        try:
            kind = _kind(data, at) or self._decode_kind(text).kind
            self._count(kind, 1)
            known = self._handlers.get(kind)
            time = known(text, place) if known else None
        except UNREADABLE:
            self.note(DamageKind.BAD_LINE, self._file, place)
            return True
        if time is not None:
            self.latest = max(self.latest or 0, time)
        return self.header.foreign is None

    def _whole_task(self, text: bytes, place: Place) -> None:
        try:
            self._tasks.add_whole(text, place)
        except UNREADABLE:
            self.note(DamageKind.BAD_LINE, self._file, place)


def _kind(data: bytearray, at: int) -> str:
    """The event's name if the line begins the way Spark writes it, else empty."""
    if not data.startswith(_EVENT, at):
        return ""
    begin = at + len(_EVENT)
    return data[begin : data.find(b'"', begin, begin + 200)].decode("ascii", "replace")
