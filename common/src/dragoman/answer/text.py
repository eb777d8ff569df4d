"""An answer in its two forms, each whole by itself: compact text and structured content."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast, runtime_checkable

from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel, TypeAdapter

from dragoman.answer.budget import tokens
from dragoman.answer.canonical import Json, canonical
from dragoman.answer.exact import exact
from dragoman.answer.redact import redact, redact_json
from dragoman.answer.table import rendered
from dragoman.answer.untrusted import Untrusted


@runtime_checkable
class Readable(Protocol):
    """A model that says itself how it reads best."""

    def as_text(self) -> str:
        """The whole answer as compact text; untrusted parts fenced."""
        ...


def to_result(model: BaseModel) -> CallToolResult:
    """The answer as the client gets it: text and structured content, secrets hidden in both."""
    return CallToolResult(
        content=[TextContent(type="text", text=to_text(model))],
        structured_content=to_structured(model),
    )


def error_result(text: str) -> CallToolResult:
    """A refusal or an error, which says what to do next."""
    return CallToolResult(content=[TextContent(type="text", text=redact(text))], is_error=True)


def to_text(model: BaseModel) -> str:
    """The answer as text; every value of the model is in it, empty fields are not."""
    if isinstance(model, Readable):
        return redact(model.as_text())
    tree = exact(model)
    return rendered(redact_json(tree), frozenset(untrusted_paths(tree)))


def to_structured(model: BaseModel) -> dict[str, Any]:
    """The answer as JSON: exact, without empty fields.

    `untrusted` names the fields that hold users' text, such as `evidence.quote`.
    """
    tree = exact(model)
    content: dict[str, Any] = dict(_object(redact_json(tree)))
    paths = sorted(set(untrusted_paths(tree)))
    if paths and type(model).model_config.get("extra") != "forbid":
        content.setdefault("untrusted", paths)
    return content


def cost(model: BaseModel) -> int:
    """Tokens of the answer's dearer form."""
    return max(tokens(to_text(model)), -(-len(canonical(to_structured(model))) // 4))


def answer_schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON schema of the structured content: nothing is required, since empty fields are absent."""
    return _without_required(TypeAdapter(model).json_schema(mode="serialization", by_alias=True))


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
