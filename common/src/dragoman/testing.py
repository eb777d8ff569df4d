"""What a server's tests need: callers, clients in both protocol eras, a form's person, the audit.

Nothing here listens on a port: clients speak to the assembled server in memory, or through its
whole ASGI application with tokens of a development issuer.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx2
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.client.session import ElicitationFnT
from mcp.client.streamable_http import streamable_http_client
from mcp.types import (
    CallToolResult,
    ElicitRequestFormParams,
    ElicitRequestParams,
    ElicitResult,
    ErrorData,
    TextContent,
)

from dragoman.app import App, assemble
from dragoman.auth.caller import Caller
from dragoman.auth.issuer import DevelopmentIssuer
from dragoman.auth.issuer_app import issuer_app
from dragoman.server import Server
from dragoman.settings import Settings
from dragoman.telemetry.disk import Disk
from dragoman.telemetry.read import records
from dragoman.telemetry.record import Record

Era = Literal["auto", "legacy"]
"""The newest protocol, or the handshake of 2025-11-25 and before."""

ISSUER = "http://127.0.0.1:8930"
YES = ElicitResult(action="accept", content={"approve": True})
DECLINE = ElicitResult(action="decline")


def caller(subject: str, *groups: str, server: str, surface: str = "", channel: str = "") -> Caller:
    """A person with a token for both scopes of one server."""
    return Caller(
        subject,
        frozenset(groups),
        surface=surface,
        channel=channel,
        issuer=ISSUER,
        scopes=frozenset({f"{server}:read", f"{server}:write"}),
    )


def text_of(result: CallToolResult) -> str:
    """What a model reads of an answer that is handed to it as text alone."""
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


async def audited(app: App) -> list[Record]:
    """All that the journal holds; nothing can be written into it afterwards."""
    await app.journal.aclose()
    folder = app.settings.journal_folder(app.server.name)
    return [stored.record for stored in records(folder)]


@dataclass
class Form:
    """A client that shows forms, and what comes back from it; `shown` are those it showed."""

    answer: ElicitResult | ErrorData
    shown: list[ElicitRequestFormParams] = field(default_factory=list[ElicitRequestFormParams])

    async def __call__(
        self, context: ClientRequestContext, params: ElicitRequestParams
    ) -> ElicitResult | ErrorData:
        del context
        if isinstance(params, ElicitRequestFormParams):
            self.shown.append(params)
        return self.answer


@dataclass(frozen=True, slots=True)
class Connection:
    """A client in this process, and the server it speaks to."""

    app: App
    client: Client

    async def call(self, tool: str, arguments: Mapping[str, Any] | None = None) -> CallToolResult:
        return await self.client.call_tool(tool, dict(arguments or {}))

    async def audit(self) -> list[Record]:
        return await audited(self.app)


@asynccontextmanager
async def connected(
    server: Server,
    who: Caller,
    *,
    state: Path,
    mode: Era = "auto",
    elicitation: ElicitationFnT | None = None,
    settings: Settings | None = None,
    disk: Disk | None = None,
) -> AsyncGenerator[Connection]:
    """An in-memory client that speaks for `who`; journal and approvals stay in `state`.

    `settings` are what a deployment would say, but for the state folder; `disk` is where the
    journal is written.
    """
    # No token is read here, and a transport of its own spares each test a TLS context.
    keyless = httpx2.MockTransport(lambda _: httpx2.Response(404))
    app = assemble(server, _in(state, settings), local=who, key_transport=keyless, disk=disk)
    async with (
        app.running(),
        Client(app.mcp, mode=mode, elicitation_callback=elicitation) as client,
    ):
        yield Connection(app, client)


@dataclass(frozen=True, slots=True)
class Served:
    """A whole HTTP application with its issuer; `http` sends raw requests from 127.0.0.1."""

    app: App
    issuer: DevelopmentIssuer
    http: httpx2.AsyncClient

    def token(self, claims: Mapping[str, object] | None = None) -> str:
        """A token for this server, both scopes, in the name of alice; None removes a claim."""
        name = self.app.server.name
        usual = {
            "sub": "alice",
            "aud": self.app.settings.address,
            "scope": f"{name}:read {name}:write",
        }
        return self.issuer.sign(usual | dict(claims or {}))

    def bearer(self, claims: Mapping[str, object] | None = None) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(claims)}"}

    def from_peer(self, address: str) -> httpx2.AsyncClient:
        """Raw requests whose TCP peer has that address; close it after use."""
        return _raw(self.app, {}, address)

    @asynccontextmanager
    async def client(
        self, headers: Mapping[str, str], mode: Era = "auto"
    ) -> AsyncGenerator[Client]:
        """An MCP client that sends these headers with every request."""
        address = self.app.settings.address
        async with (
            _raw(self.app, headers, "127.0.0.1") as http,
            Client(streamable_http_client(address, http_client=http), mode=mode) as client,
        ):
            yield client


@asynccontextmanager
async def served(
    server: Server, *, state: Path, settings: Settings | None = None, disk: Disk | None = None
) -> AsyncGenerator[Served]:
    """The server's ASGI application, running, with a development issuer that it trusts."""
    told = _in(state, settings)
    issuer = DevelopmentIssuer(ISSUER, environment={})
    trusting = told.model_copy(update={"issuers": (issuer.trusted_for(told.address),)})
    keys = httpx2.ASGITransport(issuer_app(issuer))
    app = assemble(server, trusting, key_transport=keys, disk=disk)
    async with (
        app.running(),
        app.mcp.session_manager.run(),
        _raw(app, {}, "127.0.0.1") as http,
    ):
        yield Served(app, issuer, http)


def _in(state: Path, settings: Settings | None) -> Settings:
    return (settings or Settings()).model_copy(update={"state": state})


def _raw(app: App, headers: Mapping[str, str], peer: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app.asgi, client=(peer, 50_000)),
        base_url=app.settings.base_url,
        headers=dict(headers),
    )
