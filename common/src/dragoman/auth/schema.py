"""The words a policy may use: one server's actions, tools, channels and objects.

Every resource carries `channels`, and every request's context `channel`, `surface` and
`workload`, so that no condition on them can fail for want of an attribute.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

Attribute = bool | int | str | tuple[str, ...]

CONTEXT = ("channel", "surface", "workload")

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_RESERVED = frozenset({"User", "Group", "Service", "Server", "Tool", "Action"})
_STRING = {"type": "String"}
_STRINGS = {"type": "Set", "element": _STRING}
_CEDAR: Mapping[str, Mapping[str, Any]] = {
    "Bool": {"type": "Boolean"},
    "Long": {"type": "Long"},
    "String": _STRING,
    "Set<String>": _STRINGS,
}


@dataclass(frozen=True, slots=True)
class Entity:
    """Something that a policy decides about, such as a `LogRoot` or a `Catalog`.

    `Server` and `Tool` (id `<server>/<tool>`) are known to the policy and need no attributes.
    """

    type: str
    id: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict[str, Attribute])


@dataclass(frozen=True)
class Vocabulary:
    """What one server's policies are written about.

    `tools` maps a tool to the channels it is limited to (empty: the server's own), `objects`
    an entity type to its attributes, each `Bool`, `Long`, `String` or `Set<String>`.
    """

    server: str
    actions: frozenset[str]
    channels: tuple[str, ...]
    tools: Mapping[str, tuple[str, ...]]
    objects: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(
        cls,
        server: str,
        actions: Iterable[str],
        channels: Iterable[str] = (),
        tools: Mapping[str, Iterable[str]] | None = None,
        objects: Mapping[str, Mapping[str, str]] | None = None,
    ) -> "Vocabulary":
        """The vocabulary, its own actions (`<server>.connect` and the like) included.

        Raises ValueError for a name Cedar cannot hold, and for a tool in a channel that its
        server is not in: the empty intersection would read as no limit at all.
        """
        own = (f"{server}.{verb}" for verb in ("connect", "list", "approve", "confirm"))
        made = cls(
            server,
            frozenset(actions).union(own),
            tuple(sorted(set(channels))),
            {name: tuple(sorted(set(limits))) for name, limits in (tools or {}).items()},
            objects or {},
        )
        made._refuse_nonsense()
        return made

    def channels_of(self, tool: str) -> tuple[str, ...]:
        return self.tools[tool] or self.channels

    def schema(self) -> str:
        """The Cedar schema, as JSON; equal vocabularies give equal text."""
        entities = {
            "Group": {},
            "User": {"memberOfTypes": ["Group"]},
            "Service": {},
            "Server": _shaped({}, []),
            "Tool": _shaped({}, ["Server"]),
        } | {kind: _shaped(attributes, ["Server"]) for kind, attributes in self.objects.items()}
        applies = {
            "principalTypes": ["User", "Service"],
            "resourceTypes": ["Server", "Tool", *sorted(self.objects)],
            "context": {"type": "Record", "attributes": dict.fromkeys(CONTEXT, _STRING)},
        }
        actions = {action: {"appliesTo": applies} for action in self.actions}
        document = {"": {"entityTypes": entities, "actions": actions}}
        return msgspec.json.encode(document, order="sorted").decode()

    def fault(self, entity: Entity) -> str | None:
        """What is wrong with an object's type or attributes, if anything."""
        declared = self.objects.get(entity.type)
        if declared is None:
            return f"no such resource type: {entity.type}"
        if missing := sorted(declared.keys() - entity.attributes.keys()):
            return f"{entity.type} lacks {', '.join(missing)}"
        for name, value in entity.attributes.items():
            if name not in declared:
                return f"{entity.type} has no attribute {name}"
            if not _fits(value, declared[name]):
                return f"{entity.type}.{name} is not a {declared[name]}"
        return None

    def _refuse_nonsense(self) -> None:
        for tool, limits in self.tools.items():
            if self.channels and not set(limits) <= set(self.channels):
                raise ValueError(f"tool {tool} is in a channel that {self.server} is not in")
        for kind, attributes in self.objects.items():
            if kind in _RESERVED or not _IDENTIFIER.match(kind):
                raise ValueError(f"{kind} cannot name a type of object")
            if "channels" in attributes:
                raise ValueError(f"{kind}.channels is the server's own attribute")
            if wrong := {kind for kind in attributes.values() if kind not in _CEDAR}:
                raise ValueError(f"{kind} has attributes of unknown type: {sorted(wrong)}")


def _shaped(attributes: Mapping[str, str], parents: list[str]) -> dict[str, Any]:
    shape = {name: _CEDAR[kind] for name, kind in attributes.items()} | {"channels": _STRINGS}
    return {"memberOfTypes": parents, "shape": {"type": "Record", "attributes": shape}}


def _fits(value: object, kind: str) -> bool:
    match value:
        case bool():
            return kind == "Bool"
        case int():
            return kind == "Long" and -(2**63) <= value < 2**63
        case str():
            return kind == "String"
        case tuple():
            items = cast("tuple[object, ...]", value)
            return kind == "Set<String>" and all(isinstance(item, str) for item in items)
        case _:
            return False
