"""Reading a journal while it may still grow."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from dragoman.telemetry import segment
from dragoman.telemetry.chain import check
from dragoman.telemetry.record import Stored, decode


def records(folder: Path) -> Iterator[Stored]:
    """Every record that counts, oldest first; lines that are not as written are passed over."""
    for part in segment.segments(folder):
        yield from filter(None, map(_stored, segment.lines(part)))


def tail(folder: Path, count: int) -> list[Stored]:
    """The last records, oldest of them first."""
    found: deque[Stored] = deque()
    for part in reversed(segment.segments(folder)):
        lines = deque(segment.lines(part), maxlen=count + 2)
        fresh = filter(None, map(_stored, reversed(lines)))
        found.extendleft(islice(fresh, count - len(found)))
        if len(found) >= count:
            break
    return list(found)


def follow(folder: Path, after: int, wait: Callable[[], None]) -> Iterator[Stored]:
    """Every record with a higher sequence number, for ever; `wait` is called when there is none.

    Ends when `wait` raises StopIteration. Reads on where it stopped, not from the start.
    """
    name, at = "", 0
    while True:
        for path in _from(folder, name, after):
            at = at if path.name == name else 0
            name = path.name
            for line in _new_lines(path, at):
                at += len(line)
                stored = _stored(line)
                if stored is not None and stored.seq > after:
                    after = stored.seq
                    yield stored
        try:
            wait()
        except StopIteration:
            return


def _from(folder: Path, name: str, after: int) -> list[Path]:
    """The segments from that one on; at first, from the one that holds the record after."""
    paths = segment.paths(folder)
    if name:
        return [path for path in paths if path.name >= name]
    older = sum(segment.first(path) <= after + 1 for path in paths)
    return paths[max(0, older - 1) :]


def _new_lines(path: Path, at: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(at)
        for line in file:
            if line.endswith(b"\n"):
                yield line


def _stored(line: bytes) -> Stored | None:
    """Nothing for headers, torn lines, and lines that are not as they were written."""
    link = check(line)
    if link is None:
        return None
    try:
        return Stored(link.seq, link.time, link.prev, link.hash, decode(line))
    except msgspec.DecodeError:
        return None
