"""Presto's types, read from how it writes them."""

from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST = 100

_SPACED = frozenset(
    {
        "timestamp with time zone",
        "time with time zone",
        "interval day to second",
        "interval year to month",
        "double precision",
    }
)


class UnknownKind(ValueError):
    """Text that is no type."""


@dataclass(frozen=True)
class Kind:
    """A type: `name` in lower case, and for row, array and map the kinds inside.

    `fields` are a row's names, empty strings where it has none.
    """

    name: str
    inside: tuple["Kind", ...] = ()
    fields: tuple[str, ...] = ()


def read_kind(text: str, depth: int = 0) -> Kind:
    """The kind that `text` names, e.g. `map(varchar(25),row(a bigint,"b c" array(real)))`.

    Raises UnknownKind.
    """
    if depth > DEEPEST:
        raise UnknownKind("nested too deeply")
    name, bracket, rest = text.strip().partition("(")
    name = name.strip().lower()
    if not bracket or name not in {"row", "array", "map"}:
        return Kind(_plain(text))
    if not rest.endswith(")"):
        raise UnknownKind(text[:80])
    parts = list(_apart(rest[:-1]))
    if name == "row":
        named = [_field(part) for part in parts]
        kinds = tuple(read_kind(kind, depth + 1) for _, kind in named)
        return Kind("row", kinds, tuple(field for field, _ in named))
    if len(parts) != {"array": 1, "map": 2}[name]:
        raise UnknownKind(text[:80])
    return Kind(name, tuple(read_kind(part, depth + 1) for part in parts))


def _plain(text: str) -> str:
    """`DECIMAL(38,10)` is decimal, `timestamp(3) with time zone` keeps its words."""
    before, bracket, rest = text.strip().lower().partition("(")
    after = rest.partition(")")[2] if bracket else ""
    return " ".join(f"{before} {after}".split())


def _field(part: str) -> tuple[str, str]:
    part = part.strip()
    if part.startswith('"'):
        end = 1
        while end < len(part) and (part[end] != '"' or part[end + 1 : end + 2] == '"'):
            end += 2 if part[end] == '"' else 1
        return part[1:end].replace('""', '"'), part[end + 1 :]
    first, space, rest = part.partition(" ")
    if not space or "(" in first or _plain(part) in _SPACED:
        return "", part
    return first, rest


def _apart(text: str) -> Iterator[str]:
    """The parts between the commas that are in no bracket and no quotes."""
    depth, quoted, start = 0, False, 0
    for place, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif not quoted:
            depth += (letter == "(") - (letter == ")")
            if letter == "," and depth == 0:
                yield text[start:place]
                start = place + 1
    yield text[start:]
