"""An exception as the log tells it: a chain, the one that was raised first in front."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.logs.frames import Frame, Origin, origin_of

__all__ = ["Chain", "Link", "Raised", "chain_of_details", "flattened", "rendered"]

_MESSAGE_LIMIT = 2_000
_READ_LIMIT = 16_000
_NOTES = 5
_MEMBERS = 10
_DEPTH = 4
_CHAIN_LIMIT = 12
_FRAMES_HEAD = 10
_FRAMES_TAIL = 30


class Link(StrEnum):
    """How an exception led to the next one outwards."""

    NONE = ""
    CAUSE = "the direct cause of"
    CONTEXT = "being handled when there came"


@dataclass(frozen=True, slots=True)
class Raised:
    """One exception. `name` is qualified in plain tracebacks only; frames are outermost first.

    `message` holds at most 2,000 characters, `members` the chains of an exception group.
    """

    name: Untrusted
    message: Untrusted
    frames: tuple[Frame, ...] = ()
    notes: tuple[Untrusted, ...] = ()
    link: Link = Link.NONE
    members: tuple["Chain", ...] = ()
    syntax: Untrusted | None = None
    cut: int = 0

    @property
    def simple(self) -> str:
        """The class's own name."""
        return self.name.rsplit(".", 1)[-1]

    @property
    def package(self) -> str:
        """The package of the class, or of the innermost frame where only the name is known."""
        if "." in self.name:
            return self.name.split(".", 1)[0]
        return self.frames[-1].package if self.frames else ""

    @property
    def text(self) -> Untrusted:
        return Untrusted(f"{self.name}: {self.message}" if self.message else self.name)

    @property
    def user_frames(self) -> tuple[Frame, ...]:
        """The task's own frames, where it was raised in front."""
        return tuple(frame for frame in reversed(self.frames) if frame.is_user)

    @property
    def is_from_user_code(self) -> bool:
        return bool(self.frames) and self.frames[-1].is_user


Chain = tuple[Raised, ...]
"""Root first, the exception that ended the task last."""


def chain_of_details(details: Sequence[Any], depth: int = 0) -> Chain:
    """The chain of Airflow 3's `error_detail`, which lists the outermost first."""
    stacks = _mappings(list(details[:_CHAIN_LIMIT]))
    return tuple(
        _raised(stack, _link_of(stack) if place else Link.NONE, depth)
        for place, stack in reversed(list(enumerate(stacks)))
    )


def flattened(chain: Chain) -> Iterator[Raised]:
    """Every exception of a chain, the members of a group in front of the group."""
    for raised in chain:
        for member in raised.members:
            yield from flattened(member)
        yield raised


def rendered(chain: Chain, frames: int = 3) -> tuple[Untrusted, ...]:
    """The chain as lines: each exception, and where in the task's own code it was raised."""
    return tuple(Untrusted(line) for line in _lines(chain, frames, ""))


def clamped(text: str, limit: int = _MESSAGE_LIMIT) -> Untrusted:
    """At most `limit` characters, cut only after secrets are hidden."""
    clean = Untrusted(text[: max(_READ_LIMIT, limit * 2)])
    return clean if len(clean) <= limit else Untrusted(clean[:limit].rstrip() + "…")


def frame_of(file: str, line: int, name: str, code: str = "") -> Frame:
    return Frame(
        clamped(file, 400), line, clamped(name, 200), origin_of(file), clamped(code.strip(), 300)
    )


def within_limits(frames: Sequence[Frame]) -> tuple[tuple[Frame, ...], int]:
    """The outermost ten, every one of the task's own and the innermost thirty; how many not."""
    if len(frames) <= _FRAMES_HEAD + _FRAMES_TAIL:
        return tuple(frames), 0
    own = [frame for frame in frames[_FRAMES_HEAD:-_FRAMES_TAIL] if frame.origin is Origin.USER]
    kept = (*frames[:_FRAMES_HEAD], *own[-_FRAMES_HEAD:], *frames[-_FRAMES_TAIL:])
    return kept, len(frames) - len(kept)


def _link_of(stack: Mapping[str, Any]) -> Link:
    return Link.CAUSE if stack.get("is_cause") else Link.CONTEXT


def _raised(stack: Mapping[str, Any], link: Link, depth: int) -> Raised:
    frames, cut = within_limits([_frame(frame) for frame in _mappings(stack.get("frames"))])
    members = _mappings(stack.get("exceptions")) if depth < _DEPTH else []
    return Raised(
        name=clamped(_said(stack.get("exc_type")) or "Exception", 200),
        message=clamped(_said(stack.get("exc_value"))),
        frames=frames,
        notes=tuple(clamped(_said(note), 400) for note in _list(stack.get("exc_notes"))[:_NOTES]),
        link=link,
        members=tuple(
            chain_of_details(_list(member.get("stacks")), depth + 1)
            for member in members[:_MEMBERS]
        ),
        syntax=_syntax(_mapping(stack.get("syntax_error"))),
        cut=cut,
    )


def _frame(frame: Mapping[str, Any]) -> Frame:
    line = frame.get("lineno")
    return frame_of(
        _said(frame.get("filename")) or "?",
        line if isinstance(line, int) else 0,
        _said(frame.get("name")) or "?",
    )


def _syntax(error: Mapping[str, Any]) -> Untrusted | None:
    if not error:
        return None
    place = f"{_said(error.get('filename'))}:{_said(error.get('lineno'))}"
    return clamped(f"{place}: {_said(error.get('line')).strip()}", 400)


def _lines(chain: Chain, frames: int, indent: str) -> Iterator[str]:
    for place, raised in enumerate(chain):
        if place:
            how = chain[place - 1].link or Link.CONTEXT
            yield f"{indent}was {how}"
        yield f"{indent}{raised.text}"
        yield from (f"{indent}  note: {note}" for note in raised.notes)
        if raised.syntax:
            yield f"{indent}  in {raised.syntax}"
        yield from (f"{indent}  at {one.text}" for one in _shown(raised, frames))
        for member in raised.members:
            yield from _lines(member, frames, f"{indent}  | ")


def _shown(raised: Raised, count: int) -> Sequence[Frame]:
    return (raised.user_frames or tuple(reversed(raised.frames[-1:])))[:count]


def _said(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [found for item in _list(value) if (found := _mapping(item))]
