"""The server that the conformance suite needs, built by dragoman's own factory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import asking
import contents
import notices
import prompts
import resources
import rounds
import schemas
from governed import ACTION, FUNCTIONS
from mcp.server import MCPServer
from streams import RememberedStreams

from dragoman.server import Native, Resumption, Server

TOOLS: tuple[Callable[..., Any], ...] = (
    *contents.TOOLS,
    *schemas.TOOLS,
    *asking.TOOLS,
    *rounds.TOOLS,
    *notices.TOOLS,
)


def _register(mcp: MCPServer[Any]) -> None:
    for function in TOOLS:
        mcp.add_tool(function)
    mcp.middleware.append(schemas.publish_schema)
    notices.register(mcp)
    prompts.register(mcp)
    resources.register(mcp)


server = Server(
    name="conformance",
    title="What the MCP conformance suite calls",
    instructions="For the conformance suite alone.",
    package="dragoman",
    functions=FUNCTIONS,
    policy=Path(__file__).parent / "policy.cedar",
    native=Native(
        register=_register,
        tools={function.__name__: ACTION for function in TOOLS},
        prompts={function.__name__: ACTION for function in prompts.PROMPTS},
        resources=dict.fromkeys(resources.URIS, ACTION),
        resumption=Resumption(RememberedStreams, retry_ms=50),
    ),
)
