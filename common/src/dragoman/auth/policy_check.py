"""Policies read and checked before they decide anything."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cedarpy import (
    PolicySet,
    pst,
    validate_policies,  # pyright: ignore[reportUnknownVariableType]  # bare dict in its signature
)

from dragoman.auth.schema import Vocabulary

# Cedar has no other use for a semicolon than to end a policy.
_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\r\n]*)|"(?:\\.|[^"\\])*"|(?P<end>;)
    |(?P<operator>&&|\|\||[.+*<>=!(\[{-]|\bif\b)|.""",
    re.DOTALL | re.VERBOSE,
)
# The engine's parser recurses: a few thousand nested operators overflow the stack and the
# process dies without an exception.
_OPERATORS = 150


_ENGINE_NAME = re.compile(r"`(policy\d+)`")
# The validator repeats a finding for every action; where and whose it is stands beside it.
_REPEATED = re.compile(r'^for policy `policy\d+`, | for Action::"(?:\\.|[^"\\])*"')


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one policy; `line` is where it begins, counted from 1."""

    line: int
    policy: str
    text: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        name = f" ({self.policy})" if self.policy else ""
        return f"line {self.line}{name}: {self.severity}: {self.text}"


class PolicyInvalid(ValueError):
    """The policies cannot be used; one line for each finding."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy as written: `id` is its annotation, `key` the engine's name for it."""

    id: str
    key: str
    line: int
    node: pst.Template

    @property
    def uids(self) -> frozenset[pst.EntityUid]:
        return pst.entity_uids(self.node)

    def covers(self, action: str) -> bool:
        """Whether the policy's scope lets it decide about `action`."""
        match self.node.action:
            case pst.ScopeAny():
                return True
            case pst.ActionEq(entity):
                return entity.id == action
            case pst.ActionIn(entities):
                return any(entity.id == action for entity in entities)


def check(
    text: str,
    *,
    server: str,
    actions: Iterable[str],
    channels: Iterable[str] = (),
    tools: Mapping[str, Iterable[str]] | None = None,
    objects: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Finding]:
    """Everything wrong with the text, errors and warnings, in the order of its lines."""
    vocabulary = Vocabulary.of(server, actions, channels, tools, objects)
    try:
        statements = read(text, vocabulary)
    except PolicyInvalid as invalid:
        return list(invalid.findings)
    return _warnings(statements, vocabulary)


def read(text: str, vocabulary: Vocabulary) -> tuple[Statement, ...]:
    """The policies of a text, in its order. Raises PolicyInvalid with every error found."""
    pieces = tuple(_pieces(text))
    statements = _parsed(text, pieces)
    errors = [*_misnamed(statements), *_strangers(statements, vocabulary)]
    ids = {statement.key: statement.id for statement in statements}
    lines = {statement.key: statement for statement in statements}
    for fault in validate_policies(text, vocabulary.schema()).errors:
        at = lines.get(fault.policy_id)
        place = (at.line, at.id) if at else (1, "")
        errors.append(Finding(*place, named(_REPEATED.sub("", fault.error), ids)))
    if errors:
        raise PolicyInvalid(sorted(set(errors), key=lambda finding: (finding.line, finding.text)))
    return statements


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Each policy's source with the line it begins on."""
    start: int | None = None
    line = operators = 0
    for token in _TOKEN.finditer(text):
        if token["space"] is not None:
            continue
        if start is None:
            start, operators = token.start(), 0
            line = text.count("\n", 0, start) + 1
        operators += token["operator"] is not None
        if operators > _OPERATORS:
            raise PolicyInvalid([Finding(line, "", "too intricate: split it into simpler ones")])
        if token["end"]:
            yield line, text[start : token.end()]
            start = None
    if start is not None:
        yield line, text[start:]


def _refuse_unreadable(line: int, piece: str) -> None:
    try:
        templates = PolicySet.from_str(piece).templates()
    except ValueError as error:
        raise PolicyInvalid([Finding(line, "", str(error))]) from error
    if templates:
        reason = "a template (?principal, ?resource) decides nothing"
        raise PolicyInvalid([Finding(line, "", reason)])


def _parsed(text: str, pieces: tuple[tuple[int, str], ...]) -> tuple[Statement, ...]:
    for line, piece in pieces:
        _refuse_unreadable(line, piece)
    try:
        nodes = PolicySet.from_str(text).to_pst()
    except ValueError as error:
        raise PolicyInvalid([Finding(1, "", str(error))]) from error
    if len(nodes.static_policies) != len(pieces):
        raise PolicyInvalid([Finding(1, "", "the policies cannot be told apart")])
    return tuple(
        Statement(node.annotations.get("id", ""), key, line, node)
        for (line, _), (key, node) in zip(
            pieces, sorted(nodes.static_policies.items(), key=_position), strict=True
        )
    )


def _position(item: tuple[str, pst.Template]) -> int:
    return int(item[0].removeprefix("policy"))


def _misnamed(statements: tuple[Statement, ...]) -> Iterator[Finding]:
    seen: set[str] = set()
    for statement in statements:
        if not statement.id:
            yield Finding(statement.line, "", 'has no @id("…"): decisions could not name it')
        elif statement.id in seen:
            yield Finding(statement.line, statement.id, "this @id is taken by another policy")
        seen.add(statement.id)


def _strangers(statements: tuple[Statement, ...], vocabulary: Vocabulary) -> Iterator[Finding]:
    """Entities named that no request can hold; in a `forbid`, a misspelt name fails open."""
    tools = {f"{vocabulary.server}/{tool}" for tool in vocabulary.tools}
    for statement in statements:
        for uid in sorted(statement.uids, key=str):
            match str(uid.type):
                case "User":
                    text = f"names a single user, {uid}: give the right to a group"
                case "Server" if uid.id != vocabulary.server:
                    text = f"names another server, {uid}; this is {vocabulary.server}"
                case "Tool" if uid.id not in tools:
                    text = f"names an unknown tool, {uid}"
                case _:
                    continue
            yield Finding(statement.line, statement.id, text)


def _warnings(statements: tuple[Statement, ...], vocabulary: Vocabulary) -> list[Finding]:
    limited = bool(vocabulary.channels) or any(vocabulary.tools.values())
    if not limited:
        return []
    return [
        Finding(
            statement.line,
            statement.id,
            "permits in every channel: it does not look at resource.channels",
            Severity.WARNING,
        )
        for statement in statements
        if statement.node.effect == "permit"
        and pst.GetAttr(pst.Var("resource"), "channels") not in nodes(statement.node)
    ]


def named(text: str, ids: Mapping[str, str]) -> str:
    """An engine's message with the policies' own names for the engine's."""
    return _ENGINE_NAME.sub(lambda found: f"`{ids.get(found[1], found[1])}`", text)


def nodes(root: pst.Template) -> Iterator[object]:
    """Every node of a policy's clauses, parents before children."""
    waiting: list[object] = list(reversed(root.clauses))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, tuple):
            waiting.extend(node)  # pyright: ignore[reportUnknownArgumentType]  # nodes, of any kind
        elif isinstance(node, pst.Record):
            waiting.extend(node.fields.values())
        elif slots := getattr(type(node), "__slots__", None):
            waiting.extend(getattr(node, name) for name in slots)
