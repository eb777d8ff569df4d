"""The demo: alice asks why a real Spark application failed; bob does not even see the tool."""

import subprocess
import sys
from typing import Any

import anyio
from mcp import Client
from mcp.types import TextContent
from rich.console import Console
from stage import Stage, stage

from dragoman.cli.client import connected

APPLICATION = "sessionize_events"
console = Console(highlight=False, soft_wrap=True)


async def ask(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """One call, printed as an agent would read it."""
    told = " ".join(f"{name}={value}" for name, value in arguments.items())
    console.print(f"\n[bold]→ {tool}[/] {told}")
    result = await client.call_tool(tool, arguments)
    for block in result.content:
        if isinstance(block, TextContent):
            console.print(block.text, markup=False)
    return result.structured_content or {}


async def as_alice(scene: Stage) -> None:
    console.rule("alice, of group data-eng")
    async with connected(scene.spark, scene.token("alice")) as client:
        console.print(f"protocol {client.protocol_version}; she may use:")
        for tool in (await client.list_tools()).tools:
            console.print(f"  {tool.name}")
        listed = await ask(client, "find_applications", text=APPLICATION)
        found = listed["applications"][0]["application_id"]
        verdict = await ask(client, "diagnose_application", application_id=found)
        first = verdict["evidence"][0]
        place = {name: first[name] for name in ("file", "offset", "line", "sha256")}
        opened = await ask(client, "read_log", **place, lines=1)
        if opened.get("unchanged") is not True:
            raise SystemExit("the evidence does not open to the same line")


async def as_bob(scene: Stage) -> None:
    console.rule("bob, of group sales")
    async with connected(scene.spark, scene.token("bob")) as client:
        tools = (await client.list_tools()).tools
        console.print(f"he may use {len(tools)} tools; calling one by its name all the same:")
        await ask(client, "diagnose_application", application_id="app-20261124191041-0000")
        if tools:
            raise SystemExit("bob sees a tool")


def as_an_operator(scene: Stage) -> None:
    for command in (["audit", "tail", "--lines", "12"], ["audit"], ["audit", "verify"]):
        console.rule(f"dragoman {' '.join(command)}")
        subprocess.run(
            [sys.executable, "-m", "dragoman.cli", *command],
            env={**scene.environment},
            check=True,
        )


def main() -> None:
    with stage() as scene:
        anyio.run(as_alice, scene)
        anyio.run(as_bob, scene)
        as_an_operator(scene)


main()
