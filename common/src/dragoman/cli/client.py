"""`dragoman tools` and `dragoman call`: a real MCP client at the terminal."""

import json
import os
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx2
from cyclopts import App, Parameter
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult, TextContent
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from dragoman.errors import BadInput

DEFAULT_URL = "http://127.0.0.1:8931/mcp"

app = App()
Url = Annotated[str, Parameter(env_var="DRAGOMAN_URL", help="The server's MCP endpoint")]
Token = Annotated[str, Parameter(env_var="DRAGOMAN_TOKEN", help="Your token for that server")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON")]


@app.command
async def tools(*, url: Url = DEFAULT_URL, token: Token = "", as_json: AsJson = False) -> int:
    """List the tools that you may call, with what each risks."""
    async with connected(url, token) as client:
        listed = (await client.list_tools()).tools
    if as_json:
        print(json.dumps([t.model_dump(by_alias=True, exclude_none=True) for t in listed]))  # noqa: T201  # the output
        return 0
    table = Table("tool", "risk", "what it does", box=None, header_style="bold")
    for tool in listed:
        risk = str((tool.meta or {}).get("dragoman/risk", ""))
        table.add_row(tool.name, risk, (tool.description or "").split("\n")[0])
    Console().print(table if listed else "No tools for you here.")
    return 0


@app.command
async def call(
    tool: str,
    *arguments: str,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_json: AsJson = False,
) -> int:
    """Call one tool, asking you first where it is dangerous.

    Parameters
    ----------
    tool
        Name of the tool.
    arguments
        name=value each; a value that is JSON is sent as such, e.g. limit=10 or ids='["a"]'.
    """  # the others say it where they are declared
    given = _arguments(arguments)
    with _waiting(tool) as (bar, task):

        async def show(progress: float, total: float | None, message: str | None) -> None:
            bar.update(task, completed=progress, total=total, description=message or tool)

        async with connected(url, token, bar) as client:
            result = await client.call_tool(tool, given, progress_callback=show)
    if as_json:
        print(json.dumps(result.structured_content))  # noqa: T201  # the output
    else:
        for block in result.content:
            print(block.text if isinstance(block, TextContent) else block.type)  # noqa: T201  # the output
    return int(bool(result.is_error))


@asynccontextmanager
async def connected(url: str, token: str, bar: Progress | None = None) -> AsyncGenerator[Client]:
    """A client that speaks for the token's person and shows forms at the terminal."""

    async def ask(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        del context
        if bar is not None:
            bar.stop()
        return _form(params)

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=httpx2.Timeout(30, read=600)) as http,
        Client(
            streamable_http_client(url, http_client=http),
            elicitation_callback=ask if sys.stdin.isatty() else None,
        ) as client,
    ):
        yield client


def _form(params: ElicitRequestParams) -> ElicitResult:
    if not isinstance(params, ElicitRequestFormParams):
        return ElicitResult(action="cancel")
    console = Console(stderr=True)
    console.print(params.message, markup=False)
    content: dict[str, str | int | float | bool | list[str] | None] = {}
    for name, field in params.requested_schema.get("properties", {}).items():
        said = console.input(f"{field.get('title', name)}: ")
        is_flag = field.get("type") == "boolean"
        content[name] = said.strip().lower() in {"y", "yes", "true"} if is_flag else said
    return ElicitResult(action="accept", content=content)


def _arguments(pairs: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise BadInput(f"{pair!r} is not name=value.")
        try:
            given[name] = json.loads(value)
        except json.JSONDecodeError:
            given[name] = value
    return given


class _waiting:  # noqa: N801  # reads as a word at its one use
    """A progress bar on standard error, shown once a call takes longer than two seconds."""

    def __init__(self, tool: str) -> None:
        console = Console(stderr=True, quiet=not os.isatty(2))
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._tool = tool

    def __enter__(self) -> tuple[Progress, Any]:
        self._bar.start()
        return self._bar, self._bar.add_task(self._tool, total=None)

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()
