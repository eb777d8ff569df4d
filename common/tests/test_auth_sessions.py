"""Sessions of the SDK's own transport, each request judged by its own token."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Annotated, cast

import httpx2
import pytest
from mcp.server import MCPServer
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.mcpserver import Context, Elicit, ElicitationResult, Resolve
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import BaseModel
from starlette.requests import Request

from dragoman.auth.asgi import CALLER, Authenticate
from dragoman.auth.caller import Caller
from dragoman.auth.challenge import Resource
from dragoman.auth.issuer import DevelopmentIssuer, dev_token
from dragoman.auth.issuer_app import issuer_app
from dragoman.auth.jwt import Tokens
from dragoman.auth.mesh import Mesh

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:9000"
BASE = "http://127.0.0.1:8931"
HERE = f"{BASE}/mcp"
SESSION = "mcp-session-id"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class World:
    now: float = 1_800_000_000.0
    callers: list[Caller] = field(default_factory=list[Caller])
    sdk_subjects: list[str | None] = field(default_factory=list[str | None])

    def clock(self) -> float:
        return self.now

    async def open(self, stack: AsyncExitStack) -> None:
        self.issuer = DevelopmentIssuer(URL, clock=self.clock, environment={})
        transport = httpx2.ASGITransport(issuer_app(self.issuer))
        trusted = self.issuer.trusted_for(HERE)
        self.tokens = Tokens([trusted], transport=transport, clock=self.clock)
        stack.push_async_callback(self.tokens.aclose)
        server = MCPServer("spark")
        server.tool()(self.who)
        server.tool()(drop)
        inner = server.streamable_http_app(
            json_response=True,
            transport_security=TransportSecuritySettings(allowed_hosts=["127.0.0.1:*"]),
        )
        await stack.enter_async_context(server.session_manager.run())
        app = Authenticate(
            inner,
            tokens=self.tokens,
            mesh=Mesh(),
            resource=Resource("spark", HERE, (URL,)),
            on_refusal=self.refused,
        )
        self.client = await stack.enter_async_context(
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=BASE)
        )

    async def who(self, ctx: Context) -> str:
        """Notes who calls."""
        request = ctx.request_context.request
        assert isinstance(request, Request)
        self.callers.append(request.scope[CALLER])
        token = get_access_token()
        self.sdk_subjects.append(token.subject if token else None)
        return "noted"

    async def refused(self, *_: object) -> None:
        return None

    def token(self, subject: str = "alice", **claims: object) -> str:
        every = {"aud": HERE, "sub": subject, **claims}
        return dev_token(self.issuer, every)

    async def post(self, token: str, body: object, session: str = "") -> httpx2.Response:
        headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2025-11-25",
        }
        if session:
            headers[SESSION] = session
        return await self.client.post("/mcp", json=body, headers=headers)

    async def session(self, token: str) -> str:
        hello = {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        }
        opened = await self.post(token, rpc("initialize", hello))
        assert opened.status_code == 200, opened.text
        session = opened.headers[SESSION]
        note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        assert (await self.post(token, note, session)).status_code == 202
        return session

    async def ask(self, token: str, answers: dict[str, object]) -> dict[str, object]:
        """One round of a call at 2026-07-28: the result or the error."""
        name = "io.modelcontextprotocol"
        form: dict[str, object] = {"form": {}}
        meta: dict[str, object] = {
            f"{name}/protocolVersion": "2026-07-28",
            f"{name}/clientCapabilities": {"elicitation": form},
        }
        headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call",
            "mcp-name": "drop",
        }
        params = {"name": "drop", "arguments": {}, "_meta": meta, **answers}
        answer = await self.client.post("/mcp", json=rpc("tools/call", params), headers=headers)
        body = answer.json()
        return body.get("result") or body["error"]

    async def call(self, token: str, session: str) -> int:
        body = rpc("tools/call", {"name": "who", "arguments": {}})
        return (await self.post(token, body, session)).status_code


class Confirm(BaseModel):
    confirm: bool


async def sure() -> Elicit[Confirm]:
    return Elicit("Drop it?", Confirm)


async def drop(answer: Annotated[ElicitationResult[Confirm], Resolve(sure)]) -> str:
    """Asks before it drops."""
    return f"dropped: {answer.action}"


def rpc(method: str, params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    async with AsyncExitStack() as stack:
        await made.open(stack)
        yield made


async def test_refreshed_token_of_the_same_person_continues_the_session(world: World) -> None:
    session = await world.session(world.token())
    world.now += 1800

    assert await world.call(world.token(), session) == 200
    assert await world.call(world.token("ALICE"), session) == 200
    assert world.sdk_subjects == ["alice", "alice"]


async def test_another_persons_token_does_not_continue_the_session(world: World) -> None:
    session = await world.session(world.token())

    assert await world.call(world.token("bob"), session) == 404
    assert world.callers == []


async def test_another_surface_does_not_continue_the_persons_session(world: World) -> None:
    session = await world.session(world.token())

    assert await world.call(world.token(act={"sub": "slack"}), session) == 404


async def test_lost_groups_count_at_the_next_call_of_the_session(world: World) -> None:
    session = await world.session(world.token(groups=["data-eng", "on-call"]))
    await world.call(world.token(groups=["data-eng", "on-call"]), session)

    await world.call(world.token(groups=["sales"]), session)

    assert [each.groups for each in world.callers] == [{"data-eng", "on-call"}, {"sales"}]


async def test_token_that_expires_within_the_session_is_a_401_and_the_next_one_goes_on(
    world: World,
) -> None:
    token = world.token()
    session = await world.session(token)
    world.now += 3631

    expired = await world.call(token, session)

    assert expired == 401
    assert await world.call(world.token(), session) == 200


async def test_session_without_a_token_is_a_401(world: World) -> None:
    session = await world.session(world.token())

    answer = await world.client.post("/mcp", json=rpc("tools/list", {}), headers={SESSION: session})

    assert answer.status_code == 401


async def test_session_that_a_restart_lost_is_told_to_start_again(world: World) -> None:
    session = await world.session(world.token())
    restarted = World()
    async with AsyncExitStack() as stack:
        await restarted.open(stack)

        assert await restarted.call(restarted.token(), session) == 404
        assert await restarted.session(restarted.token())


async def test_question_put_to_one_person_is_not_answered_with_anothers_token(
    world: World,
) -> None:
    asked = await world.ask(world.token(), {})
    assert asked["resultType"] == "input_required"
    requests = cast("dict[str, object]", asked["inputRequests"])
    yes = {"action": "accept", "content": {"confirm": True}}
    answers = {
        "requestState": asked["requestState"],
        "inputResponses": dict.fromkeys(requests, yes),
    }
    world.now += 60

    stranger = await world.ask(world.token("bob"), answers)
    surface = await world.ask(world.token(act={"sub": "slack"}), answers)
    refreshed = await world.ask(world.token(), answers)

    assert stranger["code"] == surface["code"] == -32602
    assert "dropped: accept" in str(refreshed["content"])
