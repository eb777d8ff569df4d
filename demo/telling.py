"""Calls of the demo, printed as an agent would read them."""

import subprocess
import sys
from typing import Any

from mcp import Client
from mcp.types import TextContent
from rich.console import Console
from stage import Stage

console = Console(highlight=False, soft_wrap=True)


async def ask(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """One call, printed; its structured content."""
    told = " ".join(f"{name}={value}" for name, value in arguments.items())
    console.print(f"\n[bold]→ {tool}[/]", end=" ")
    console.print(told, markup=False)
    result = await client.call_tool(tool, arguments)
    for block in result.content:
        if isinstance(block, TextContent):
            console.print(block.text, markup=False)
    return result.structured_content or {}


async def offered(client: Client) -> list[str]:
    """The names of the tools this person may use, printed."""
    names = [tool.name for tool in (await client.list_tools()).tools]
    console.print(f"protocol {client.protocol_version}; may use: {', '.join(names) or 'nothing'}")
    return names


def command(scene: Stage, server: str, *words: str) -> None:
    """The dragoman command, as an operator runs it."""
    console.rule(f"dragoman {' '.join(words)}")
    subprocess.run(
        [sys.executable, "-m", "dragoman.cli", *words],
        env={**scene.environment(server)},
        check=True,
    )


def settled(truth: object, otherwise: str) -> None:
    """Ends the demo with a sentence when what it shows is not so."""
    if not truth:
        raise SystemExit(f"the demo failed: {otherwise}")
