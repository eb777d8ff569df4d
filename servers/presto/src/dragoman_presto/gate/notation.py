"""Grammars as text, and whether tokens match them.

One rule a line, `name = ...`, continued on indented lines. WORDS are keywords, 'x' is an operator,
@name, @string, @number and @integer are kinds of tokens, small names are rules; [ ] may be left
out, { } is repeated, | separates choices.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

_MARK = re.compile(r"'[^']+'|@?\w+|[\[\]{}()|]")


@dataclass(frozen=True)
class Terminal:
    key: str


@dataclass(frozen=True)
class Rule:
    name: str


@dataclass(frozen=True)
class Chain:
    parts: "tuple[Part, ...]"


@dataclass(frozen=True)
class Choice:
    parts: "tuple[Part, ...]"


@dataclass(frozen=True)
class Repeat:
    """Any number of times; at most once unless `many`."""

    part: "Part"
    many: bool


Part = Terminal | Rule | Chain | Choice | Repeat
Rules = Mapping[str, Part]
Keys = Sequence[frozenset[str]]


def read_rules(text: str) -> Rules:
    lines = re.sub(r"\n\s+", " ", text.strip()).splitlines()
    named = (line.partition("=") for line in lines if line)
    return {name.strip(): _choice(_Marks(_MARK.findall(body))) for name, _, body in named}


class _Marks:
    def __init__(self, marks: list[str]) -> None:
        self._marks = marks
        self._at = 0

    def next(self) -> str:
        return self._marks[self._at] if self._at < len(self._marks) else ""

    def take(self) -> str:
        mark = self.next()
        self._at += 1
        return mark


def _choice(marks: _Marks) -> Part:
    parts = [_chain(marks)]
    while marks.next() == "|":
        marks.take()
        parts.append(_chain(marks))
    return parts[0] if len(parts) == 1 else Choice(tuple(parts))


def _chain(marks: _Marks) -> Part:
    parts: list[Part] = []
    while marks.next() not in {"", "|", "]", "}", ")"}:
        parts.append(_part(marks))
    return parts[0] if len(parts) == 1 else Chain(tuple(parts))


def _part(marks: _Marks) -> Part:
    mark = marks.take()
    if mark in {"[", "{", "("}:
        inner = _choice(marks)
        marks.take()
        return inner if mark == "(" else Repeat(inner, many=mark == "{")
    if mark.startswith("'"):
        return Terminal(mark[1:-1])
    return Terminal(mark) if mark.isupper() or mark.startswith("@") else Rule(mark)


Matcher = Callable[["Reading", int], frozenset[int]]
_NOWHERE: frozenset[int] = frozenset()


class Grammar:
    """Rules made ready to match; a match may end in several places, and all are followed."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._first: dict[str, frozenset[str]] = {}
        self._matchers: dict[str, Matcher] = {}
        for name in rules:
            self._matchers[name] = self._compile(rules[name])

    def matches(self, rule: str, keys: Keys) -> bool:
        """Whether the rule reads all tokens, each given by its keys. Raises RecursionError."""
        return len(keys) in Reading(keys, self._matchers).ends(rule, 0)

    def furthest(self, rule: str, keys: Keys) -> int:
        """Where the rule reads no further: the first token that nothing expected."""
        reading = Reading(keys, self._matchers)
        reading.ends(rule, 0)
        return reading.furthest

    def _compile(self, part: Part) -> Matcher:
        match part:
            case Terminal(key):
                return partial(_terminal, key)
            case Rule(name):
                return partial(_rule, name)
            case Chain(parts):
                return partial(_in_turn, tuple(self._compile(one) for one in parts))
            case Choice(parts):
                branches = tuple((self._starts(one), self._compile(one)) for one in parts)
                return partial(_any_of, branches)
            case Repeat(inner, many):
                read = _repeated if many else _optional
                return partial(read, self._starts(inner), self._compile(inner))

    def _starts(self, part: Part) -> frozenset[str]:
        """Keys that the part can begin with; an empty one says that it may be nothing."""
        match part:
            case Terminal(key):
                return frozenset({key})
            case Rule(name):
                if name not in self._first:
                    self._first[name] = self._starts(self.rules[name])
                return self._first[name]
            case Chain(parts):
                return self._starts_of_chain(parts)
            case Choice(parts):
                return frozenset[str]().union(*map(self._starts, parts))
            case Repeat(inner, _):
                return self._starts(inner) | {""}

    def _starts_of_chain(self, parts: tuple[Part, ...]) -> frozenset[str]:
        starts = frozenset({""})
        for one in parts:
            if "" in starts:
                starts = (starts - {""}) | self._starts(one)
        return starts


class Reading:
    """One match under way: what each rule read from each place is remembered."""

    def __init__(self, keys: Keys, matchers: Mapping[str, Matcher]) -> None:
        self.keys = keys
        self.furthest = 0
        self._matchers = matchers
        self._known: dict[tuple[str, int], frozenset[int]] = {}

    def ends(self, rule: str, at: int) -> frozenset[int]:
        known = self._known.get((rule, at))
        if known is None:
            known = self._known[rule, at] = self._matchers[rule](self, at)
        return known


def _terminal(key: str, reading: Reading, at: int) -> frozenset[int]:
    if at < len(reading.keys) and key in reading.keys[at]:
        reading.furthest = max(reading.furthest, at + 1)
        return frozenset({at + 1})
    return _NOWHERE


def _rule(name: str, reading: Reading, at: int) -> frozenset[int]:
    return reading.ends(name, at)


def _in_turn(parts: tuple[Matcher, ...], reading: Reading, at: int) -> frozenset[int]:
    places = frozenset({at})
    for part in parts:
        if len(places) == 1:
            places = part(reading, *places)
        else:
            places = frozenset[int]().union(*(part(reading, place) for place in places))
        if not places:
            break
    return places


def _any_of(
    branches: tuple[tuple[frozenset[str], Matcher], ...], reading: Reading, at: int
) -> frozenset[int]:
    here = reading.keys[at] if at < len(reading.keys) else frozenset[str]()
    found = [
        part(reading, at)
        for starts, part in branches
        if "" in starts or not here.isdisjoint(starts)
    ]
    return frozenset[int]().union(*found)


def _optional(starts: frozenset[str], part: Matcher, reading: Reading, at: int) -> frozenset[int]:
    if at >= len(reading.keys) or reading.keys[at].isdisjoint(starts):
        return frozenset({at})
    return part(reading, at) | {at}


def _repeated(starts: frozenset[str], part: Matcher, reading: Reading, at: int) -> frozenset[int]:
    places = {at}
    fresh = [at]
    while fresh:
        found = _optional(starts, part, reading, fresh.pop()) - places
        places |= found
        fresh += found
    return frozenset(places)
