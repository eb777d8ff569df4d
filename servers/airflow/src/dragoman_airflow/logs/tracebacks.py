"""Python tracebacks in plain text, put together line by line, whoever writes in between."""

import re
from dataclasses import dataclass, field
from enum import Enum, auto

from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.logs.exceptions import (
    Chain,
    Link,
    Raised,
    clamped,
    frame_of,
    within_limits,
)
from dragoman_airflow.logs.frames import Frame

__all__ = ["Traceback", "begins_traceback", "read_traceback"]

_BEGIN = re.compile(
    r"^(?P<indent>[\s|+\-]*)(?:Exception Group )?Traceback \(most recent call last\):"
)
_FRAME = re.compile(r'^[\s|]*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<name>.+?))?\s*$')
_ERROR = re.compile(
    r"^(?P<name>[A-Za-z_]\w*(?:\.(?:<locals>|[A-Za-z_]\w*))*)(?::(?:\s(?P<message>.*)|$)|\s*$)",
    re.DOTALL,
)
_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"
_RULER = re.compile(r"^\s*\+[-+]{8,}(?:\s(?P<member>\d+|\.\.\.)\s-+)?\s*$")
_MARKER = re.compile(r"^[ +\-]*([|+])(?=[ ]|-{8})")
_REPEATED = re.compile(r"^\s*\[Previous line repeated \d+ more times?\]")
_CARETS = re.compile(r"^[\s~^]+$")
_LINES_LIMIT = 4_000
_MESSAGE_LINES = 40


class _At(Enum):
    FRAMES = auto()
    MESSAGE = auto()
    BETWEEN = auto()


def begins_traceback(text: str) -> bool:
    return "Traceback (most recent call last):" in text and _BEGIN.match(text) is not None


def read_traceback(text: str) -> Chain:
    """The chain of a text that holds a traceback, outermost last; empty where it holds none."""
    reader: Traceback | None = None
    for line in text.splitlines():
        if reader is not None:
            reader.feed(line)
        elif begins_traceback(line):
            reader = Traceback(line)
    return reader.chain() if reader else ()


@dataclass
class _Draft:
    frames: list[Frame] = field(default_factory=list[Frame])
    name: str = ""
    message: list[str] = field(default_factory=list[str])
    link: Link = Link.NONE
    depth: int = 0

    def raised(self) -> Raised:
        frames, cut = within_limits(self.frames)
        return Raised(
            clamped(self.name, 200),
            clamped("\n".join(self.message).strip()),
            frames,
            link=self.link,
            cut=cut,
        )


class Traceback:
    """One traceback, from its first line on, with those it is chained to."""

    def __init__(self, first: str) -> None:
        self._drafts: list[_Draft] = []
        self._draft = _Draft()
        self._indent = 0
        self._at = _At.BETWEEN
        self._lines = 0
        self._open(first)

    @property
    def is_settled(self) -> bool:
        """Whether an exception is read whole, but for a message of several lines or a link."""
        return self._at is not _At.FRAMES

    def feed(self, line: str) -> bool:
        """Takes a line; False when it is not of this traceback."""
        self._lines += 1
        if self._lines > _LINES_LIMIT:
            return False
        if (link := _link(line)) is not Link.NONE:
            self._close(link)
            return True
        if begins_traceback(line):
            return self._open(line)
        if ruler := _RULER.match(line):
            self._member(line, ruler)
            return True
        if self._at is _At.FRAMES:
            self._step(line)
            return True
        return self._say(line)

    def chain(self) -> Chain:
        """The exceptions read so far; a traceback that broke off ends without a name."""
        drafts = [*self._drafts, self._draft]
        named = [draft for draft in drafts if draft.name or draft.frames]
        return _grouped(named)

    def _open(self, line: str) -> bool:
        found = _BEGIN.match(line)
        if found is None or (self._at is _At.MESSAGE and not _is_member(found["indent"])):
            return False
        if self._at is _At.MESSAGE:
            self._close(Link.NONE)
        self._indent = len(found["indent"])
        self._draft = _Draft(depth=_depth(line))
        self._at = _At.FRAMES
        return True

    def _close(self, link: Link) -> None:
        if self._draft.name or self._draft.frames:
            self._draft.link = link
            self._drafts.append(self._draft)
        self._draft = _Draft()
        self._at = _At.BETWEEN

    def _member(self, line: str, ruler: re.Match[str]) -> None:
        """The next exception of a group begins, with a traceback or without."""
        if ruler["member"]:
            self._close(Link.NONE)
            self._draft.depth = _depth(line)
            self._indent = self._draft.depth + 2
            self._at = _At.FRAMES

    def _step(self, line: str) -> None:
        if found := _FRAME.match(line):
            name = found["name"] or "<module>"
            self._draft.frames.append(frame_of(found["file"], int(found["line"]), name))
            return
        marker = _MARKER.match(line)
        bare = line if marker is None else " " * marker.end() + line[marker.end() :]
        depth = len(bare) - len(bare.lstrip())
        if not bare.strip() or _REPEATED.match(bare) or _CARETS.match(bare):
            return
        if depth > self._indent + 1:
            self._code(bare)
            return
        if found := _ERROR.match(bare.strip()):
            self._draft.name = found["name"]
            self._draft.message = [found["message"] or ""]
            self._at = _At.MESSAGE

    def _code(self, line: str) -> None:
        if self._draft.frames and not self._draft.frames[-1].code:
            last = self._draft.frames[-1]
            code = Untrusted(clamped(line.strip(), 300))
            self._draft.frames[-1] = Frame(last.file, last.line, last.name, last.origin, code)

    def _say(self, line: str) -> bool:
        if self._at is _At.BETWEEN:
            return not line.strip()
        if len(self._draft.message) >= _MESSAGE_LINES:
            return False
        self._draft.message.append(line.strip("| ") if self._draft.depth else line)
        return True


def _depth(line: str) -> int:
    """How deep in groups a line stands: the column of its mark, 0 outside of any member."""
    found = _MARKER.match(line)
    return found.start(1) if found and found.start(1) > 2 else 0


def _link(line: str) -> Link:
    if "above exception" not in line:
        return Link.NONE
    said = line.strip("| ")
    if said.endswith(_CAUSE):
        return Link.CAUSE
    return Link.CONTEXT if said.endswith(_CONTEXT) else Link.NONE


def _is_member(indent: str) -> bool:
    return "|" in indent or "+" in indent


def _grouped(drafts: list[_Draft]) -> Chain:
    """The chain at the lowest depth, with what stands deeper as members of the one before."""
    chain: list[Raised] = []
    at = 0
    while at < len(drafts):
        draft = drafts[at]
        inner = at + 1
        while inner < len(drafts) and drafts[inner].depth > draft.depth:
            inner += 1
        raised = draft.raised()
        if inner > at + 1:
            raised = Raised(
                raised.name,
                raised.message,
                raised.frames,
                link=raised.link,
                members=_members(drafts[at + 1 : inner]),
                cut=raised.cut,
            )
        chain.append(raised)
        at = inner
    return tuple(chain)


def _members(drafts: list[_Draft]) -> tuple[Chain, ...]:
    groups: list[list[_Draft]] = []
    for draft in drafts:
        goes_on = groups and (groups[-1][-1].link is not Link.NONE or draft.depth > drafts[0].depth)
        if goes_on:
            groups[-1].append(draft)
        else:
            groups.append([draft])
    return tuple(_grouped(group) for group in groups)
