"""Cedar policies: default deny, and any evaluation error is a denial.

A tool is part of its server: it is asked about as `Tool` and as `Server`, both with the tool's
channels. A permit of either suffices, a `forbid` or an error of either denies, so
`resource == Server::"x"` and `resource in Server::"x"` cover its tools alike. An object (a
`Catalog`, a `LogRoot`) stands in its server and is asked about as itself alone:
`resource in Server::"x"` covers it, `resource == Server::"x"` does not.

Policies name groups and services, never a person, so the person is not even shown to them.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

import msgspec
from cedarpy import (
    AuthzResult,
    Entities,
    PolicySet,
    is_authorized,  # pyright: ignore[reportUnknownVariableType]  # bare dict in its signature
)

from dragoman.auth.caller import Caller
from dragoman.auth.policy_check import PolicyInvalid, Statement, named, read
from dragoman.auth.policy_slice import slices
from dragoman.auth.schema import Attribute, Entity, Vocabulary

__all__ = ["Alarm", "Attribute", "Decision", "Entity", "Policy", "PolicyInvalid"]

Alarm = Callable[[str], None]

_CACHED = 4096
_UNREADABLE = "the claims of the caller or the resource's name cannot be read"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no; `policies` are the ids of those that decided, none when nothing permits.

    `errors` are evaluation errors, and always a denial.
    """

    allowed: bool
    policies: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


class Policy:
    """One server's policies, ready to decide. Decisions are cached by all they depend on."""

    def __init__(
        self, text: str, statements: tuple[Statement, ...], vocabulary: Vocabulary, alarm: Alarm
    ) -> None:
        schema = vocabulary.schema()
        self.version = sha256(msgspec.json.encode((text, schema))).hexdigest()
        self.vocabulary = vocabulary
        self.statements = statements
        self.groups = frozenset(
            uid.id for each in statements for uid in each.uids if str(uid.type) == "Group"
        )
        self.alarms = 0
        self._alarm = alarm
        self._ids = {each.key: each.id for each in statements}
        self._slices = {action: slices(statements, action) for action in vocabulary.actions}
        self._server = _server(vocabulary)
        tools = (_tool(vocabulary, tool) for tool in vocabulary.tools)
        self._tools = {tool.uid[1]: tool for tool in tools}
        self._cached = lru_cache(maxsize=_CACHED)(self._evaluate)
        self._entities = lru_cache(maxsize=_CACHED // 4)(_entities)

    @classmethod
    def load(
        cls,
        text: str,
        *,
        server: str,
        actions: Iterable[str],
        channels: Iterable[str] = (),
        tools: Mapping[str, Iterable[str]] | None = None,
        objects: Mapping[str, Mapping[str, str]] | None = None,
        alarm: Alarm = _log.error,
    ) -> "Policy":
        """The policies of a text, validated against the schema of the server.

        `tools` maps each tool to its channels, `objects` further entity types to their
        attributes (`Bool`, `Long`, `String`, `Set<String>`). `alarm` hears every evaluation
        error. Raises PolicyInvalid with line and reason of each error.
        """
        vocabulary = Vocabulary.of(server, actions, channels, tools, objects)
        return cls(text, read(text, vocabulary), vocabulary, alarm)

    def decide(self, caller: Caller, action: str, resource: Entity | None = None) -> Decision:
        """Whether `caller` may take `action` on `resource`, or else on the server itself."""
        try:
            return self._ask(caller, action, self._known(resource))
        except _Erred as erred:
            return self._denied(action, erred)

    def decide_tool(self, caller: Caller, action: str, tool: str) -> Decision:
        """Whether `caller` may take `action` with one of the server's tools."""
        return self.decide(caller, action, Entity("Tool", f"{self.vocabulary.server}/{tool}"))

    def permits(self, caller: Caller, action: str, entity: Entity) -> bool:
        return self.decide(caller, action, entity).allowed

    def _ask(self, caller: Caller, action: str, resource: "_Resource") -> Decision:
        if action not in self._slices:
            raise _Erred(f"no such action: {action}")
        if not caller.name:
            return Decision(allowed=False)
        who = _Who(
            caller.kind,
            caller.groups & self.groups if caller.subject else frozenset(),
            caller.workload,
            caller.surface,
            caller.channel,
        )
        return self._cached(who, action, resource)

    def _known(self, resource: Entity | None) -> "_Resource":
        if resource is None:
            return self._server
        server = self.vocabulary.server
        if resource.type == "Server" and resource.id == server and not resource.attributes:
            return self._server
        tool = self._tools.get(resource.id)
        if resource.type == "Tool" and tool and not resource.attributes:
            return tool
        if resource.type in {"Server", "Tool"}:
            raise _Erred(f"no such {resource.type.lower()} here: {resource.id}")
        if fault := self.vocabulary.fault(resource):
            raise _Erred(fault)
        return _object(self.vocabulary, resource)

    def _evaluate(self, who: "_Who", action: str, resource: "_Resource") -> Decision:
        """A fresh decision. Raises _Erred, so that an error is never cached."""
        principal = _principal(who)
        entities = self._entities(principal, who.groups, resource)
        asking = {
            "principal": _uid(principal),
            "action": _uid(("Action", action)),
            "context": _context(who),
        }
        results: list[AuthzResult] = []
        for uid, policies in self._questions(action, resource):
            request = asking | {"resource": _uid(uid)}
            try:
                results.append(is_authorized(request, policies, entities))
            except ValueError as error:
                raise _Erred(str(error)) from error
        return self._joined(results)

    def _questions(
        self, action: str, resource: "_Resource"
    ) -> Iterator[tuple[tuple[str, str], PolicySet]]:
        chosen = self._slices[action]
        if resource.part_of is None:
            yield resource.uid, chosen.every
            return
        if chosen.tool:
            yield resource.uid, chosen.tool
        if chosen.server:
            yield resource.part_of, chosen.server

    def _joined(self, results: list[AuthzResult]) -> Decision:
        if errors := [text for result in results for text in result.diagnostics.errors]:
            raise _Erred(*errors)
        forbids = [each for each in results if not each.allowed and each.diagnostics.reasons]
        permits = [each for each in results if each.allowed]
        deciding = forbids or permits
        names = {self._ids[key] for each in deciding for key in each.diagnostics.reasons}
        return Decision(bool(permits) and not forbids, tuple(sorted(names)))

    def _denied(self, action: str, erred: "_Erred") -> Decision:
        errors = tuple(sorted({named(text, self._ids) for text in erred.errors}))
        self.alarms += 1
        self._alarm(f"policy error, {action} denied: {'; '.join(errors)}")
        return Decision(allowed=False, errors=errors)


class _Erred(Exception):
    """The question could not be answered: a denial and an alarm."""

    def __init__(self, *errors: str) -> None:
        super().__init__(*errors)
        self.errors = errors


class _Who(NamedTuple):
    """All of a caller that policies can see; groups that no policy names are left out."""

    kind: str
    groups: frozenset[str]
    workload: str
    surface: str
    channel: str


class _Resource(NamedTuple):
    """What is asked about, as (type, id), with the entities it needs (Cedar JSON).

    A tool is `part_of` its server and asked about as that, too.
    """

    uid: tuple[str, str]
    entities: bytes
    part_of: tuple[str, str] | None = None


def _server(vocabulary: Vocabulary) -> _Resource:
    server = _entity("Server", vocabulary.server, channels=vocabulary.channels)
    return _Resource(("Server", vocabulary.server), server)


def _tool(vocabulary: Vocabulary, tool: str) -> _Resource:
    channels = vocabulary.channels_of(tool)
    parent = ("Server", vocabulary.server)
    name = f"{vocabulary.server}/{tool}"
    entities = (
        _entity(*parent, channels=channels),
        _entity("Tool", name, parents=(parent,), channels=channels),
    )
    return _Resource(("Tool", name), b",".join(entities), parent)


def _object(vocabulary: Vocabulary, entity: Entity) -> _Resource:
    parent = ("Server", vocabulary.server)
    channels = vocabulary.channels
    try:
        text = _entity(
            entity.type, entity.id, parents=(parent,), channels=channels, more=entity.attributes
        )
    except UnicodeEncodeError as error:
        raise _Erred(_UNREADABLE) from error
    return _Resource((entity.type, entity.id), text)


def _uid(of: tuple[str, str]) -> dict[str, str]:
    return {"type": of[0], "id": of[1]}


def _principal(who: _Who) -> tuple[str, str]:
    return who.kind, who.workload if who.kind == "Service" else ""


def _entities(principal: tuple[str, str], groups: frozenset[str], resource: _Resource) -> Entities:
    parents = tuple(("Group", group) for group in groups)
    try:
        text = b",".join((b"[" + _entity(*principal, parents=parents), resource.entities + b"]"))
        return Entities.from_json_str(text.decode())  # pyright: ignore[reportUnknownMemberType]  # bare dict
    except ValueError as error:
        raise _Erred(_UNREADABLE) from error


def _context(who: _Who) -> str:
    context = {"channel": who.channel, "surface": who.surface, "workload": who.workload}
    try:
        return msgspec.json.encode(context).decode()
    except UnicodeEncodeError as error:
        raise _Erred(_UNREADABLE) from error


def _entity(
    kind: str,
    name: str,
    *,
    parents: tuple[tuple[str, str], ...] = (),
    channels: tuple[str, ...] | None = None,
    more: Mapping[str, Attribute] | None = None,
) -> bytes:
    attributes: dict[str, Attribute] = dict(more or {})
    if channels is not None:
        attributes["channels"] = channels
    return msgspec.json.encode(
        {
            "uid": _uid((kind, name)),
            "attrs": attributes,
            "parents": [_uid(parent) for parent in parents],
        }
    )
