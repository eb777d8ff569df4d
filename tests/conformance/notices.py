"""What a server tells without being asked: log lines, changed lists, streams that break."""

from typing import Any

import anyio
from contents import text
from mcp.server import MCPServer
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.types import (
    CallToolResult,
    EmptyResult,
    SetLevelRequestParams,
    SubscribeRequestParams,
    UnsubscribeRequestParams,
)

_PAUSE = 0.05


async def test_tool_with_logging(ctx: Context[Any]) -> CallToolResult:
    """Writes three log lines."""
    for line in ("started", "processing data", "completed"):
        await ctx.log("info", f"Tool execution {line}")  # pyright: ignore[reportDeprecated]  # old clients have it
        await anyio.sleep(_PAUSE)
    return text("Logged.")


async def test_logging_tool(ctx: Context[Any]) -> CallToolResult:
    """Writes a log line, which only a client that asked for them gets."""
    await ctx.log("info", "A log line.")  # pyright: ignore[reportDeprecated]  # old clients have it
    return text("Logged.")


async def test_reconnection(ctx: Context[Any]) -> CallToolResult:
    """Breaks its own stream; the answer waits until the client is back."""
    await ctx.close_sse_stream()
    await anyio.sleep(_PAUSE)
    return text("You are back.")


async def test_trigger_tool_change(ctx: Context[Any]) -> CallToolResult:
    """Says that the list of tools has changed."""
    await ctx.notify_tools_changed()
    return text("Told.")


async def test_trigger_prompt_change(ctx: Context[Any]) -> CallToolResult:
    """Says that the list of prompts has changed."""
    await ctx.notify_prompts_changed()
    return text("Told.")


async def _acknowledge(
    ctx: ServerRequestContext[Any, Any],
    params: SetLevelRequestParams | SubscribeRequestParams | UnsubscribeRequestParams,
) -> EmptyResult:
    del ctx, params
    return EmptyResult()


TOOLS = (
    test_tool_with_logging,
    test_logging_tool,
    test_reconnection,
    test_trigger_tool_change,
    test_trigger_prompt_change,
)


def register(mcp: MCPServer[Any]) -> None:
    """The methods that 2026-07-28 has dropped; only the SDK's lower level still takes them."""
    lower = mcp._lowlevel_server  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # no public way
    lower.add_request_handler("logging/setLevel", SetLevelRequestParams, _acknowledge)
    lower.add_request_handler("resources/subscribe", SubscribeRequestParams, _acknowledge)
    lower.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, _acknowledge)
