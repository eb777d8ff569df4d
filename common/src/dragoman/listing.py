"""What a caller may see: lists, prompts, resources and discovery, filtered by the judge."""

from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS

from dragoman.auth.caller import Caller
from dragoman.judge import Judge

_LISTS = {
    "tools/list": ("tools", "name"),
    "prompts/list": ("prompts", "name"),
    "resources/list": ("resources", "uri"),
    "resources/templates/list": ("resourceTemplates", "uriTemplate"),
}
_NAMED = {
    "prompts/get": ("name", "Unknown prompt"),
    "resources/read": ("uri", "Unknown resource"),
    "resources/subscribe": ("uri", "Unknown resource"),
}
_GREETINGS = {"initialize", "server/discover"}


async def filtered(
    judge: Judge, caller: Caller, ctx: ServerRequestContext[Any, Any], call_next: CallNext
) -> HandlerResult:
    """The handler's answer as this caller may see it.

    Raises MCPError for a prompt or resource they may not see, as for one that does not exist.
    """
    if ctx.method in _NAMED:
        field, unknown = _NAMED[ctx.method]
        name = str((ctx.params or {}).get(field, ""))
        if not judge.sees(caller, judge.native_key(name)):
            raise MCPError(INVALID_PARAMS, f"{unknown}: {name}")
    result = await call_next(ctx)
    if not isinstance(result, dict):
        return result
    if ctx.method in _GREETINGS and not judge.connects(caller):
        result.pop("instructions", None)
    if ctx.method in _LISTS:
        _keep_visible(judge, caller, result, *_LISTS[ctx.method])
    return result


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
