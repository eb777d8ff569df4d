"""Task ends, most of every log: sliced, decoded in part, and added up a chunk at a time.

Most of a task end is accumulables that nothing here needs: only what stands before and after them
is decoded, for all lines of a chunk in one go. An unescaped mark cannot stand inside a JSON
string, so the slices are sound; a line without both marks, of a task that did not succeed, or from
a chunk that does not decode, is decoded whole.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from dragoman_spark.eventlog.grouping import FailureGroups
from dragoman_spark.eventlog.places import Place
from dragoman_spark.eventlog.scheduling import Scheduling
from dragoman_spark.eventlog.tally import Line, Spots
from dragoman_spark.eventlog.wire import TaskEnd, TaskHead, TaskMetrics

_ACCUMULABLES = b',"Accumulables":['
_METRICS = b',"Task Metrics":{'
_INTO_METRICS = len(_METRICS) - 1
_REACH_MORE = 100
_LEAST_HEAD = 300

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_decode_heads = msgspec.json.Decoder(list[TaskHead]).decode
_decode_metrics = msgspec.json.Decoder(list[TaskMetrics]).decode
_decode_whole = msgspec.json.Decoder(TaskEnd).decode

_Key: TypeAlias = tuple[int, int, str]


class TaskEnds:
    """Adds task ends to the stages' sums and to the groups of failures.

    `latest` is the latest time that any of them ended.
    """

    def __init__(self, scheduling: Scheduling, failures: FailureGroups) -> None:
        self._scheduling = scheduling
        self._failures = failures
        self._heads: list[memoryview] = []
        self._tails: list[memoryview] = []
        self._lines: list[Line] = []
        # How far from its end a line was last searched for its metrics: tasks are much alike.
        self._reach = 0
        self.latest = 0

    def take(self, data: bytearray, view: memoryview, at: int, stop: int, line: int) -> bool:
        """Takes a line of `data` until `settle`; false if it must be decoded whole.

        `view` is one of `data`.
        """
        cut = data.find(_ACCUMULABLES, at + _LEAST_HEAD, stop)
        if cut < 0:
            return False
        near = stop - self._reach
        begin = near if near > cut else cut  # noqa: FURB136  # a call a line costs
        tail = data.find(_METRICS, begin, stop)
        if tail < 0:
            tail = data.rfind(_METRICS, cut, stop)
            if tail < 0:
                return False
            self._reach = stop - tail + _REACH_MORE
        self._heads.append(view[at:cut])
        self._tails.append(view[tail + _INTO_METRICS : stop - 1])
        self._lines.append((at, stop, line))
        return True

    def settle(self, file: str, base: int) -> Sequence[Line]:
        """Adds up what was taken from lines of a buffer at `base`; those to be decoded whole."""
        lines, self._lines = self._lines, []
        heads, metrics = self._decoded()
        if len(heads) != len(lines) or len(metrics) != len(lines):
            return lines
        others: list[Line] = []
        for (stage, attempt, kind), chosen in _groups(heads):
            ours = [lines[at] for at in chosen]
            if kind == "Success":
                tally = self._scheduling.tally(stage, attempt)
                tally.add_successes(
                    [heads[at].info for at in chosen],
                    [metrics[at] for at in chosen],
                    Spots(file, base, ours),
                )
                self.latest = max(self.latest, tally.latest)
            else:
                others += ours
        return others

    def add_whole(self, text: bytes, place: Place) -> None:
        """Adds a task end decoded whole; raises one of UNREADABLE for what is none."""
        event = _decode_whole(text)
        tally = self._scheduling.tally(event.stage, event.attempt)
        self.latest = max(self.latest, event.info.finished)
        if event.reason.kind == "Success" and event.metrics is not None:
            spots = Spots(place.file, place.offset, [(0, 0, place.line)])
            tally.add_successes([event.info], [event.metrics], spots)
            return
        tally.ended(event)
        if event.reason.kind != "Success":
            self._failures.add(event, place)

    def _decoded(self) -> tuple[list[TaskHead], list[TaskMetrics]]:
        """What was taken, decoded; nothing if any of it does not decode."""
        heads, tails = self._heads, self._tails
        self._heads, self._tails = [], []
        if not heads:
            return [], []
        try:
            return (
                _decode_heads(b"".join((b"[", b"}},".join(heads), b"}}]"))),
                _decode_metrics(b"".join((b"[", b",".join(tails), b"]"))),
            )
        except UNREADABLE:
            return [], []


def _groups(heads: Sequence[TaskHead]) -> Iterable[tuple[_Key, Sequence[int]]]:
    """The positions of tasks of one stage attempt that ended alike."""
    keys = [(head.stage, head.attempt, head.outcome.kind) for head in heads]
    if len(set(keys)) == 1:
        return [(keys[0], range(len(keys)))]
    groups: dict[_Key, list[int]] = {}
    for at, key in enumerate(keys):
        group = groups.get(key)
        if group is None:
            groups[key] = [at]
        else:
            group.append(at)
    return groups.items()
