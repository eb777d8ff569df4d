"""Cedar policies: default deny, and any evaluation error is a denial.

A tool is part of its server: it is asked about as `Tool` and as `Server`, both with the tool's
channels. A permit of either suffices, a `forbid` or an error of either denies, so
`resource == Server::"x"` and `resource in Server::"x"` cover its tools alike. An object (a
`Catalog`, a `LogRoot`) stands in its server and is asked about as itself alone:
`resource in Server::"x"` covers it, `resource == Server::"x"` does not.

Policies name groups and services, never a person, so the person is not even shown to them.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

import msgspec
from cedarpy import (
    AuthzResult,
    PolicySet,
    is_authorized_batch,  # pyright: ignore[reportUnknownVariableType]  # bare dict in its signature
    pst,
)

from dragoman.auth.caller import Caller
from dragoman.auth.policy_check import PolicyInvalid, Statement, named, read
from dragoman.auth.schema import Attribute, Entity, Vocabulary

__all__ = ["Alarm", "Attribute", "Decision", "Entity", "Policy", "PolicyInvalid"]

Alarm = Callable[[str], None]

_CACHED = 4096
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
        self._sets = {action: _slice(statements, action) for action in vocabulary.actions}
        self._server = _server(vocabulary)
        self._tools = {tool: _tool(vocabulary, tool) for tool in vocabulary.tools}
        self._cached = lru_cache(maxsize=_CACHED)(self._evaluate)

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
        if action not in self._sets:
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
        tool = self._tools.get(resource.id.removeprefix(f"{server}/"))
        if resource.type == "Tool" and tool and not resource.attributes:
            return tool
        if resource.type in {"Server", "Tool"}:
            raise _Erred(f"no such {resource.type.lower()} here: {resource.id}")
        if fault := self.vocabulary.fault(resource):
            raise _Erred(fault)
        return _object(self.vocabulary, resource)

    def _evaluate(self, who: "_Who", action: str, resource: "_Resource") -> Decision:
        """A fresh decision. Raises _Erred, so that an error is never cached."""
        principal, context, entities = _encoded(who, resource)
        requests = [
            {
                "principal": principal,
                "action": {"type": "Action", "id": action},
                "resource": {"type": kind, "id": name},
                "context": context,
            }
            for kind, name in resource.uids
        ]
        try:
            results = is_authorized_batch(requests, self._sets[action], entities)
        except ValueError as error:
            raise _Erred(str(error)) from error
        return self._joined(results)

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
    """What is asked about: each of `uids` in turn, with these entities (Cedar JSON) known."""

    uids: tuple[tuple[str, str], ...]
    entities: bytes


def _slice(statements: tuple[Statement, ...], action: str) -> PolicySet:
    """The policies that can decide about one action: the engine tries each it is given."""
    chosen = {each.key: each.node for each in statements if each.covers(action)}
    return PolicySet.from_pst(pst.PolicySet({}, chosen, ()))


def _server(vocabulary: Vocabulary) -> _Resource:
    server = _entity("Server", vocabulary.server, channels=vocabulary.channels)
    return _Resource((("Server", vocabulary.server),), server)


def _tool(vocabulary: Vocabulary, tool: str) -> _Resource:
    channels = vocabulary.channels_of(tool)
    parent = ("Server", vocabulary.server)
    name = f"{vocabulary.server}/{tool}"
    entities = (
        _entity(*parent, channels=channels),
        _entity("Tool", name, parents=(parent,), channels=channels),
    )
    return _Resource((("Tool", name), parent), b",".join(entities))


def _object(vocabulary: Vocabulary, entity: Entity) -> _Resource:
    parent = ("Server", vocabulary.server)
    channels = vocabulary.channels
    try:
        text = _entity(
            entity.type, entity.id, parents=(parent,), channels=channels, more=entity.attributes
        )
    except UnicodeEncodeError as error:
        raise _Erred(f"{entity.type} holds text that is not Unicode") from error
    return _Resource(((entity.type, entity.id),), text)


def _encoded(who: _Who, resource: _Resource) -> tuple[dict[str, str], str, str]:
    """The principal, the context and all entities, as the engine takes them."""
    name = who.workload if who.kind == "Service" else ""
    context = {"channel": who.channel, "surface": who.surface, "workload": who.workload}
    try:
        principal = _entity(who.kind, name, parents=tuple(("Group", each) for each in who.groups))
        encoded = msgspec.json.encode(context).decode()
    except UnicodeEncodeError as error:
        raise _Erred("the caller's claims hold text that is not Unicode") from error
    entities = b",".join((b"[" + principal, resource.entities + b"]"))
    return {"type": who.kind, "id": name}, encoded, entities.decode()


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
            "uid": {"type": kind, "id": name},
            "attrs": attributes,
            "parents": [{"type": parent, "id": each} for parent, each in parents],
        }
    )
