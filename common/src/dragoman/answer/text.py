"""An answer in its two forms, each whole by itself: compact text and structured content."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, cast

from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel, TypeAdapter

from dragoman.answer.budget import tokens
from dragoman.answer.canonical import Json, canonical
from dragoman.answer.exact import exact
from dragoman.answer.redact import redact, redact_json
from dragoman.answer.table import rendered
from dragoman.answer.untrusted import Untrusted


class Readable(Protocol):
    """A model that says itself how it reads best."""

    def as_text(self) -> str:
        """The whole answer as compact text; untrusted parts fenced."""
        ...


def to_result(model: BaseModel) -> CallToolResult:
    """The answer as the client gets it: text and structured content, secrets hidden in both."""
    parts = _Parts.of(model)
    return CallToolResult(
        content=[TextContent(type="text", text=parts.text(model))],
        structured_content=parts.structured(model),
    )


def error_result(text: str) -> CallToolResult:
    """A refusal or an error, which says what to do next."""
    return CallToolResult(content=[TextContent(type="text", text=redact(text))], is_error=True)


def to_text(model: BaseModel) -> str:
    """The answer as text; every value of the model is in it, empty fields are not."""
    return _Parts.of(model).text(model)


def to_structured(model: BaseModel) -> dict[str, Any]:
    """The answer as JSON: exact, without empty fields.

    `untrusted` names the fields that hold users' text, such as `evidence.quote`.
    """
    return _Parts.of(model).structured(model)


def cost(model: BaseModel) -> int:
    """Tokens of the answer's dearer form."""
    parts = _Parts.of(model)
    return max(tokens(parts.text(model)), -(-len(canonical(parts.structured(model))) // 4))


def answer_schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON schema of the structured content: nothing is required, since empty fields are absent."""
    return _without_required(TypeAdapter(model).json_schema(mode="serialization", by_alias=True))


def outline(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The names of an answer's fields: all that a model needs of it before it is there."""
    return {"type": "object", "properties": {name: {} for name in schema.get("properties", {})}}


def untrusted_paths(tree: Json, path: str = "") -> list[str]:
    """Dotted paths of all untrusted text; positions in lists are left out."""
    match tree:
        case Untrusted():
            return [path]
        case str():
            return []
        case Mapping():
            return [
                found
                for key, item in tree.items()
                for found in untrusted_paths(item, f"{path}.{key}" if path else key)
            ]
        case Sequence():
            return [found for item in tree for found in untrusted_paths(item, path)]
        case _:
            return []


class _Parts(NamedTuple):
    """What both forms are made of: the clean JSON tree, and which of its fields are untrusted."""

    tree: Json
    untrusted: frozenset[str]

    @classmethod
    def of(cls, model: BaseModel) -> "_Parts":
        tree = exact(model)
        return cls(redact_json(tree), frozenset(untrusted_paths(tree)))

    def text(self, model: BaseModel) -> str:
        # Asking a protocol by isinstance costs more than the rest of a small answer.
        if hasattr(type(model), "as_text"):
            return redact(cast("Readable", model).as_text())
        return rendered(self.tree, self.untrusted)

    def structured(self, model: BaseModel) -> dict[str, Any]:
        content: dict[str, Any] = dict(_object(self.tree))
        if self.untrusted and type(model).model_config.get("extra") != "forbid":
            content.setdefault("untrusted", sorted(self.untrusted))
        return content


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {"value": value}


def _without_required(schema: Any) -> Any:  # noqa: ANN401  # JSON schema is any JSON
    if isinstance(schema, dict):
        entries = cast("dict[str, Any]", schema)
        return {
            key: _without_required(value)
            for key, value in entries.items()
            if not (key == "required" and isinstance(value, list))
        }
    if isinstance(schema, list):
        items = cast("list[Any]", schema)
        return [_without_required(item) for item in items]
    return schema
