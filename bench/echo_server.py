"""The same echo tool twice: on the bare SDK, and governed by dragoman."""

from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import BaseModel
from starlette.types import ASGIApp

from dragoman.app import App, assemble
from dragoman.auth.issuer import DevelopmentIssuer, dev_token
from dragoman.auth.issuer_app import issuer_app
from dragoman.risk import Risk
from dragoman.server import Server
from dragoman.settings import Settings
from dragoman.tool import tool

POLICY = """
@id("readers")
permit (
  principal in Group::"data-eng",
  action in [Action::"echo.connect", Action::"echo.list", Action::"echo.read"],
  resource in Server::"echo"
);
"""


class Echo(BaseModel):
    text: str


@tool(risk=Risk.READ, policy="echo.read", minutes_saved=1)
async def echo(text: str) -> Echo:
    """Gives the text back."""
    return Echo(text=text)


class EchoServer(Server):
    def policy_text(self) -> str:
        return POLICY


async def bare(stack: AsyncExitStack) -> ASGIApp:
    """The ASGI app of the bare SDK in SSE mode."""
    mcp = MCPServer("echo", log_level="WARNING")
    mcp.tool()(echo)
    hosts = TransportSecuritySettings(allowed_hosts=["127.0.0.1:*"], allowed_origins=[])
    app = mcp.streamable_http_app(transport_security=hosts)
    await stack.enter_async_context(mcp.session_manager.run())
    return app


async def governed(stack: AsyncExitStack, state: Path) -> tuple[App, str]:
    """The assembled server, running, and alice's token for it."""
    issuer = DevelopmentIssuer("http://issuer.test")
    settings = Settings(state=state, issuers=(issuer.trusted_for("http://127.0.0.1:8931/mcp"),))
    server = EchoServer("echo", "Echo", "Echoes.", "dragoman", functions=(echo,))
    keys = httpx2.ASGITransport(app=issuer_app(issuer))
    app = assemble(server, settings, key_transport=keys)
    await stack.enter_async_context(app.running())
    await stack.enter_async_context(app.mcp.session_manager.run())
    claims = {"aud": "http://127.0.0.1:8931/mcp", "scope": "echo:read"}
    return app, dev_token(issuer, claims)
