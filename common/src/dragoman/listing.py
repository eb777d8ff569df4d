"""What a caller may see: lists, prompts, resources and discovery, filtered by the judge."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS
from mcp.types.methods import CLIENT_REQUESTS

from dragoman.auth.caller import Caller
from dragoman.judge import LONGEST_NAME, Judge

_LISTS = {
    "tools/list": ("tools", "name"),
    "prompts/list": ("prompts", "name"),
    "resources/list": ("resources", "uri"),
    "resources/templates/list": ("resourceTemplates", "uriTemplate"),
}
_NAMED = {
    "prompts/get": "name",
    "resources/read": "uri",
    "resources/subscribe": "uri",
    "resources/unsubscribe": "uri",
}
_UNKNOWN = {"name": "Unknown prompt", "uri": "Unknown resource"}
_GREETINGS = {"initialize", "server/discover"}


def part(ctx: ServerRequestContext[Any, Any]) -> str | None:
    """The name or URI of the prompt or resource that a message asks for, if it asks for one."""
    field = _NAMED.get(ctx.method)
    return None if field is None else str((ctx.params or {}).get(field, ""))


async def filtered(
    judge: Judge, caller: Caller, ctx: ServerRequestContext[Any, Any], call_next: CallNext
) -> HandlerResult:
    """The handler's answer as this caller may see it.

    Raises MCPError for a prompt or resource they may not see, as for one that does not exist.
    """
    if (ctx.method, ctx.protocol_version) in CLIENT_REQUESTS:
        for field, name in _named(ctx.method, ctx.params or {}):
            if not judge.sees_part(caller, name):
                shown = name[:LONGEST_NAME]
                raise MCPError(INVALID_PARAMS, f"{_UNKNOWN[field]}: {shown}", {field: shown})
    result = await call_next(ctx)
    if not isinstance(result, dict):
        return result
    if ctx.method in _GREETINGS and not judge.connects(caller):
        result.pop("instructions", None)
    if ctx.method in _LISTS:
        _keep_visible(judge, caller, result, *_LISTS[ctx.method])
    return result


def _named(method: str, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The prompts (`name`) and resources (`uri`) that a request asks for or asks about."""
    if method in _NAMED:
        field = _NAMED[method]
        yield field, str(params.get(field, ""))
    elif method == "completion/complete":
        for field, name in _object(params, "ref").items():
            if field in _UNKNOWN:
                yield field, str(name)
    elif method == "subscriptions/listen":
        wanted = _object(params, "notifications").get("resourceSubscriptions")
        uris = cast("list[object]", wanted) if isinstance(wanted, list) else []
        yield from (("uri", str(uri)) for uri in uris)


def _object(params: Mapping[str, Any], key: str) -> Mapping[str, object]:
    """The object under a key; what is none is refused later, when parameters are validated."""
    found = params.get(key)
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def _keep_visible(
    judge: Judge, caller: Caller, result: dict[str, Any], key: str, field: str
) -> None:
    entries: list[dict[str, Any]] = result.get(key, [])
    listed = judge.lists(caller)
    result[key] = [
        entry for entry in entries if listed and judge.sees(caller, str(entry.get(field, "")))
    ]
    if "cacheScope" in result:
        result["cacheScope"] = "private"
