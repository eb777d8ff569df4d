"""A client's connection to a server, whose faults are told in sentences."""

import re
import shlex
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import httpx2
import msgspec
from mcp import Client, MCPError
from mcp.client import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitRequestParams, ElicitResult

from dragoman.cli.bearer import bearer
from dragoman.cli.form import answered
from dragoman.cli.output import CommandFailed, plain

DEFAULT_URL = "http://127.0.0.1:8931/mcp"
_SCOPE = re.compile(r'\bscope="([^"]+)"')


def nothing() -> None:
    """What is done before a form is shown, where nothing is."""


@asynccontextmanager
async def connected(
    url: str, token: str, before_form: Callable[[], None] = nothing
) -> AsyncGenerator[Client]:
    """A client that speaks for the token's person and shows forms at the terminal.

    Raises CommandFailed when the server cannot be reached or refuses the token.
    """
    own = bearer(token)

    async def ask(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        del context
        before_form()
        return answered(params)

    seen = _Seen(url)
    headers = {"Authorization": f"Bearer {own}"} if own else {}
    try:
        async with (
            httpx2.AsyncClient(
                headers=headers,
                timeout=httpx2.Timeout(30, read=600),
                event_hooks={"response": [seen.look]},
            ) as http,
            Client(
                streamable_http_client(url, http_client=http),
                elicitation_callback=ask if sys.stdin.isatty() else None,
            ) as client,
        ):
            yield client
    except (httpx2.HTTPError, httpx2.InvalidURL, MCPError, BaseExceptionGroup) as fault:
        raise seen.told(fault) from None


class _Refusal(msgspec.Struct):
    """The body of a refusal, as dragoman's servers write it."""

    error_description: str = ""
    what_to_do: str = ""
    scope: str = ""


@dataclass
class _Seen:
    """What the server refused, which the SDK's own error does not say."""

    url: str
    status: int = 0
    challenged: str = ""
    refusal: _Refusal = field(default_factory=_Refusal)

    async def look(self, response: httpx2.Response) -> None:
        # A refused GET or DELETE is part of the protocol's own dance.
        if response.request.method != "POST":
            return
        self.status = response.status_code if response.is_error else 0
        if not self.status:
            return
        found = _SCOPE.search(response.headers.get("www-authenticate", ""))
        self.challenged = found[1] if found else ""
        body = await response.aread()
        try:
            self.refusal = msgspec.json.decode(body, type=_Refusal)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.refusal = _Refusal()

    def told(self, fault: BaseException) -> BaseException:
        """The fault as a sentence; one that nobody expects as it is."""
        causes = list(_leaves(fault))
        for cause in causes:
            if isinstance(cause, CommandFailed):
                return cause
        expected = (httpx2.HTTPError, httpx2.InvalidURL, MCPError)
        if not all(isinstance(cause, expected) for cause in causes):
            return fault
        return CommandFailed(self._sentence(causes[0]))

    def _sentence(self, cause: BaseException) -> str:
        match self.status:
            case 401:
                return (
                    f"The server refused: {plain(self.refusal.error_description)} In development "
                    f"`dragoman token PERSON --url {self.url}{_scoped(self.challenged)}` "
                    "prints a token for --token."
                )
            case 403 if self.refusal.scope:
                return (
                    f"{self._said()} In development add{_scoped(self.refusal.scope)} "
                    "to `dragoman token`."
                )
            case 404:
                return f"There is no MCP server at {self.url}. Correct --url; it ends in /mcp."
            case 0 if isinstance(cause, MCPError):
                return plain(cause.error.message)
            case 0:
                return (
                    f"No server answers at {self.url} ({type(cause).__name__}). "
                    "Start one with `dragoman serve NAME`, or correct --url."
                )
            case status:
                return f"{self.url} answered {status}. {self._said()}"

    def _said(self) -> str:
        return plain(f"{self.refusal.error_description} {self.refusal.what_to_do}".strip())


def _scoped(scope: str) -> str:
    """The option as a shell takes it: the words are the server's own."""
    return f" --scope {shlex.quote(plain(scope))}" if scope else ""


def _leaves(fault: BaseException) -> Iterator[BaseException]:
    if not isinstance(fault, BaseExceptionGroup):
        yield fault
        return
    for inner in cast("BaseExceptionGroup[BaseException]", fault).exceptions:
        yield from _leaves(inner)
