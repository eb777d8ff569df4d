"""`dragoman tools` and `dragoman call`: a real MCP client at the terminal."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter
from mcp import Client
from mcp.types import CallToolResult, TextContent
from rich.table import Table

from dragoman.cli.connection import DEFAULT_URL, connected
from dragoman.cli.output import WrongUse, err, out, plain, write, write_json
from dragoman.cli.waiting import waiting

__all__ = ["call", "connected", "tools"]

Url = Annotated[str, Parameter(env_var="DRAGOMAN_URL", help="The server's MCP endpoint.")]
Token = Annotated[str, Parameter(env_var="DRAGOMAN_TOKEN", help="Your token for that server.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print one line of JSON.")]

_COLOURS = {"read": "green", "own": "cyan", "write": "yellow", "destroy": "red"}


async def tools(*, url: Url = DEFAULT_URL, token: Token = "", as_json: AsJson = False) -> int:
    """List the tools that you may call, with what each risks."""
    async with connected(url, token) as client:
        listed = (await client.list_tools()).tools
    if as_json:
        write_json(
            [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in listed]
        )
        return 0
    table = Table("tool", "risk", "what it does", box=None, header_style="bold")
    for tool in listed:
        risk = str((tool.meta or {}).get("dragoman/risk", "unknown"))
        colour = _COLOURS.get(risk, "red")
        described = plain((tool.description or "").split("\n")[0])
        table.add_row(plain(tool.name), f"[{colour}]{plain(risk)}[/]", described)
    out().print(table if listed else "No tools for you here.")
    return 0


async def call(
    tool: str,
    /,
    *arguments: str,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> int:
    """Call one tool, asking you first where it is dangerous; exit 1 when it fails or waits.

    Parameters
    ----------
    tool
        Name of the tool, as `dragoman tools` lists it.
    arguments
        name=value each; a value that is JSON is sent as such, e.g. limit=10 or ids='["a"]'.
    """
    given = _arguments(arguments)
    with waiting(tool, err()) as bar:
        async with connected(url, token, bar.stop) as client:
            result = await client.call_tool(tool, given, progress_callback=bar.show)
            hint = await _hint(client, tool) if result.is_error else ""
    _print(result, as_json=as_json)
    if hint:
        err().print(hint, style="red", markup=False)
    return int(bool(result.is_error))


async def _hint(client: Client, tool: str) -> str:
    """What there is instead, when the server lists no such tool for this person."""
    names = [each.name for each in (await client.list_tools()).tools]
    if tool in names:
        return ""
    return f"Tools that you may call here: {plain(', '.join(names)) or 'none'}."


def _print(result: CallToolResult, *, as_json: bool) -> None:
    if as_json:
        texts = [block.text for block in result.content if isinstance(block, TextContent)]
        content = result.structured_content
        write_json(content if content is not None else {"text": "\n".join(texts)})
        return
    for block in result.content:
        write(block.text if isinstance(block, TextContent) else f"({block.type})")


def _arguments(pairs: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise WrongUse(f"{pair!r} is not name=value. Write each argument so, e.g. limit=10.")
        if name in given:
            raise WrongUse(f"{name} is given twice. Name each argument once.")
        try:
            given[name] = json.loads(value)
        except json.JSONDecodeError:
            given[name] = value
    return given
