"""Whether a journal is as it was written, and if not, the first record that is not."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from dragoman.telemetry import checkpoints, segment
from dragoman.telemetry.chain import GENESIS, Link, check
from dragoman.telemetry.record import Checkpoint
from dragoman.telemetry.segment import Header, Segment

Reason = Literal["hash", "chain", "order", "gap", "segment", "truncated"]


@dataclass(frozen=True, slots=True)
class Bad:
    """The first record that is not as it was written. `line` counts from 1, headers included."""

    segment: str
    line: int
    seq: int
    reason: Reason
    text: str


@dataclass(frozen=True, slots=True)
class Torn:
    """Bytes behind the last record that counts: a crash or a failing disk left them."""

    segment: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Report:
    """`links` are records and segment headers; `torn` is no fault of the chain.

    Of a broken journal `links` and `records` are those before the first fault.
    """

    links: int
    records: int
    segments: int
    head: Checkpoint
    bad: Bad | None = None
    torn: Sequence[Torn] = ()

    @property
    def ok(self) -> bool:
        return self.bad is None


@dataclass
class _Walk:
    """Where the chain has come to; all that is kept of a journal while it is read."""

    expected: dict[int, str]
    seq: int = 0
    hash: str = GENESIS
    headers: int = 0
    names: Header | None = None
    torn: list[Torn] = field(default_factory=list[Torn])

    def step(self, link: Link) -> tuple[Reason, str] | None:
        """What is wrong with the next link, else it is the new end."""
        if link.seq > self.seq + 1:
            return "gap", f"record {self.seq + 1} is missing before record {link.seq}"
        if link.seq <= self.seq:
            return "order", f"record {link.seq} stands where record {self.seq + 1} belongs"
        if link.prev != self.hash:
            return "chain", f"record {link.seq} does not follow from record {self.seq}"
        if self.expected.get(link.seq, link.hash) != link.hash:
            return "chain", f"record {link.seq} is another one than its checkpoint saw"
        self.seq, self.hash = link.seq, link.hash
        return None


def verify(folder: Path, seen: Iterable[Checkpoint] = ()) -> Report:
    """Reads the whole journal once; memory grows only by what one segment or checkpoint adds.

    `seen` are checkpoints kept elsewhere; the folder's own is used, too. A cut tail shows only
    against a checkpoint.
    """
    walk = _Walk({point.seq: point.hash for point in (*checkpoints.kept(folder), *seen)})
    parts = segment.segments(folder)
    bad = next(_faults(walk, parts), None)
    head = Checkpoint(walk.seq, walk.hash)
    records = walk.seq - walk.headers
    return Report(walk.seq, records, len(parts), head, bad, tuple(walk.torn))


def _faults(walk: _Walk, parts: Sequence[Segment]) -> Iterator[Bad]:
    for at, part in enumerate(parts):
        yield from _in_segment(walk, part, parts[at:])
    last = parts[-1].path.name if parts else ""
    furthest = max(walk.expected, default=0)
    if furthest > walk.seq:
        text = f"the journal ends with record {walk.seq}, a checkpoint saw record {furthest}"
        yield Bad(last, 0, walk.seq + 1, "truncated", text)


def _in_segment(walk: _Walk, part: Segment, rest: Sequence[Segment]) -> Iterator[Bad]:
    name, read, number = part.path.name, 0, 0
    for line in segment.lines(part):
        if not line.endswith(b"\n") and part.kept is None and len(rest) == 1:
            break
        read += len(line)
        number += 1
        link = check(line)
        if link is None:
            text = f"record {walk.seq + 1} is not as it was written"
            yield Bad(name, number, walk.seq + 1, "hash", text)
        elif fault := (_misplaced(walk, line, rest) if number == 1 else None) or walk.step(link):
            yield Bad(name, number, link.seq, _order(walk, fault[0], rest), fault[1])
        elif number == 1:
            walk.headers += 1
    if part.kept is not None and read != part.kept:
        text = f"{name} has {read} of the {part.kept} bytes that the next segment states"
        yield Bad(name, number + 1, walk.seq + 1, "truncated", text)
    if (size := part.path.stat().st_size) > read:
        walk.torn.append(Torn(name, read, size - read))


def _misplaced(walk: _Walk, line: bytes, rest: Sequence[Segment]) -> tuple[Reason, str] | None:
    """What is wrong with the line as the header of the first of these segments."""
    path = rest[0].path
    try:
        header = msgspec.json.decode(line, type=Header)
    except msgspec.DecodeError:
        return "segment", f"{path.name} does not begin with a segment header"
    if header.after and not path.with_name(header.after).exists():
        return "segment", f"the segment {header.after} is missing before {path.name}"
    known = walk.names or header
    walk.names = header
    if (known.server, known.instance) != (header.server, header.instance):
        return "segment", f"{path.name} is of another journal: {header.server}/{header.instance}"
    return None


def _order(walk: _Walk, reason: Reason, rest: Sequence[Segment]) -> Reason:
    """A gap is an exchange of places if the missing record comes later."""
    if reason != "gap":
        return reason
    later = (check(line) for part in rest for line in segment.lines(part))
    return "order" if any(link and link.seq == walk.seq + 1 for link in later) else "gap"
