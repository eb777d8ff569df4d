"""Segments: files named by their first sequence number, each led by a header.

The header is a link of the chain like any record. It names the segment before it and how many
bytes of that one count (`kept`): what stands behind them was never acknowledged, be it torn by
a crash or given up by a failing disk, and stays there as evidence.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from dragoman.telemetry.chain import GENESIS, LONGEST_LINE, Link, check

SUFFIX = ".jsonl"


class Header(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="segment"):
    server: str
    instance: str
    after: str = ""
    kept: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """Where the chain stands: its last link, and the file and size that hold it."""

    seq: int = 0
    hash: str = GENESIS
    segment: str = ""
    kept: int = 0
    torn: int = 0
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """`kept` is nothing while no later segment says how much counts."""

    path: Path
    kept: int | None


def name(first: int) -> str:
    return f"{first:016d}{SUFFIX}"


def paths(folder: Path) -> list[Path]:
    """The segments' files, oldest first."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path.stem.isdigit())


def segments(folder: Path) -> list[Segment]:
    """The folder's segments, oldest first, each with its length as the next one states it."""
    files = paths(folder)
    stated: dict[str, int] = {}
    for path in files:
        if header := read_header(path):
            stated[header.after] = header.kept
    return [Segment(path, stated.get(path.name)) for path in files]


def read_header(path: Path) -> Header | None:
    """The header, or nothing when it is torn, changed or no header at all."""
    with path.open("rb") as file:
        line = file.readline(LONGEST_LINE)
    if check(line) is None:
        return None
    try:
        return _header.decode(line)
    except msgspec.DecodeError:
        return None


def lines(segment: Segment) -> Iterator[bytes]:
    """The lines that count; the last may be without its end when no one has said where it is."""
    at = 0
    with segment.path.open("rb") as file:
        while segment.kept is None or at < segment.kept:
            line = file.readline(LONGEST_LINE)
            if not line:
                return
            at += len(line)
            yield line


def end(folder: Path) -> End:
    """Where a journal goes on after its last process, however that one ended."""
    for path in reversed(paths(folder)):
        size = path.stat().st_size
        whole = _whole(path, size)
        if whole == 0:
            continue
        link = check(_last_line(path, whole))
        if link is not None:
            return End(link.seq, link.hash, path.name, whole, size - whole)
        found = _last_good(path)
        return End(found.seq, found.hash, path.name, whole, size - whole, damaged=True)
    return End()


def _whole(path: Path, size: int) -> int:
    """How many bytes are whole lines."""
    at = size
    with path.open("rb") as file:
        while at > 0:
            start = max(0, at - 65_536)
            file.seek(start)
            found = file.read(at - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            at = start
    return 0


def _last_line(path: Path, whole: int) -> bytes:
    start = _whole(path, whole - 1)
    with path.open("rb") as file:
        file.seek(start)
        return file.read(min(whole - start, LONGEST_LINE))


def _last_good(path: Path) -> Link:
    """The last link that holds in a segment whose last line does not."""
    found = Link(first(path) - 1, "", GENESIS, GENESIS)
    for line in lines(Segment(path, None)):
        found = check(line) or found
    return found


def first(path: Path) -> int:
    """The sequence number that the file is named by."""
    return int(path.name.removesuffix(SUFFIX))


def set_aside(path: Path) -> None:
    """Moves away a file that holds nothing acknowledged; its name is needed again."""
    number = 0
    while (aside := path.with_name(f"{path.name}.torn-{number}")).exists():
        number += 1
    path.replace(aside)


_header = msgspec.json.Decoder(Header)
