from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from ipaddress import ip_network

import httpx2
import pytest
from mcp.server.auth.middleware.auth_context import get_access_token
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from dragoman.auth.asgi import CALLER, Authenticate
from dragoman.auth.caller import Caller
from dragoman.auth.challenge import Resource, well_known
from dragoman.auth.issuer import DevelopmentIssuer, dev_token
from dragoman.auth.issuer_app import issuer_app
from dragoman.auth.jwt import Tokens
from dragoman.auth.mesh import Mesh
from dragoman.auth.refusal import Reason

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:9000"
HERE = "http://127.0.0.1:8931/mcp"
CHAT = "spiffe://corp.test/ns/chat/sa/web"
XFCC = {"x-forwarded-client-cert": f"URI={CHAT}"}
NOW = 1_800_000_000.0
RESOURCE = Resource("spark", HERE, (URL,))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class World:
    """A protected application that notes who came through, behind a proxy at 10.0.0.1."""

    issuer: DevelopmentIssuer
    tokens: Tokens
    callers: list[Caller | None] = field(default_factory=list[Caller | None])
    sdk: list[tuple[str, str | None]] = field(default_factory=list[tuple[str, str | None]])
    refusals: list[tuple[str, Reason]] = field(default_factory=list[tuple[str, Reason]])
    headers: list[str] = field(default_factory=list[str])

    def app(self) -> Authenticate:
        routes = [Route("/mcp", self.answer), Route("/healthz", self.answer)]
        return Authenticate(
            Starlette(routes=[*routes, *well_known(RESOURCE)]),
            tokens=self.tokens,
            mesh=Mesh((ip_network("10.0.0.0/24"),), "corp.test"),
            resource=RESOURCE,
            on_refusal=self.refused,
        )

    async def answer(self, request: Request) -> Response:
        self.callers.append(request.scope.get(CALLER))
        self.headers.append(request.headers.get("mcp-name", ""))
        if token := get_access_token():
            assert not token.token
            self.sdk.append((token.client_id, token.subject))
        return PlainTextResponse("in")

    async def refused(self, scope: Scope, reason: Reason) -> None:
        self.refusals.append((scope["path"], reason))

    async def get(
        self,
        headers: dict[str, str] | list[tuple[bytes, bytes]],
        path: str = "/mcp",
        peer: str = "10.0.0.1",
    ) -> httpx2.Response:
        transport = httpx2.ASGITransport(self.app(), client=(peer, 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.get(path, headers=headers)

    def bearer(self, **claims: object) -> dict[str, str]:
        return {"authorization": f"Bearer {dev_token(self.issuer, {'aud': HERE} | claims)}"}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    issuer = DevelopmentIssuer(URL, clock=lambda: NOW, environment={})
    transport = httpx2.ASGITransport(issuer_app(issuer))
    tokens = Tokens([issuer.trusted_for(HERE)], transport=transport, clock=lambda: NOW)
    yield World(issuer, tokens)
    await tokens.aclose()


async def test_good_token_comes_through_as_its_person(world: World) -> None:
    answer = await world.get(world.bearer(act={"sub": "ide"}))

    assert answer.status_code == 200
    assert [each and each.subject for each in world.callers] == ["alice"]
    assert world.sdk == [("ide", "alice")]
    assert get_access_token() is None


async def test_token_and_mesh_identity_are_joined(world: World) -> None:
    await world.get(world.bearer() | XFCC)

    caller = world.callers[0]
    assert caller
    assert (caller.subject, caller.workload) == ("alice", CHAT)


async def test_service_without_a_token_comes_through_as_itself(world: World) -> None:
    await world.get(XFCC)

    assert world.callers == [Caller("", workload=CHAT)]
    assert world.sdk == [(CHAT, None)]


async def test_mesh_identity_from_an_untrusted_peer_is_nobody(world: World) -> None:
    answer = await world.get(XFCC | {"x-forwarded-for": "10.0.0.1"}, peer="192.0.2.1")

    assert answer.status_code == 401
    assert world.refusals == [("/mcp", "missing")]


async def test_forwarded_headers_name_nobody(world: World) -> None:
    spoofed = {"x-forwarded-user": "alice", "x-forwarded-email": "a@x", "x-remote-user": "alice"}

    assert (await world.get(spoofed)).status_code == 401


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        ("Bearer x.y.z", "malformed"),
        ("Bearer", "malformed"),
        ("Bearer  ", "malformed"),
        ("Basic YTpi", "malformed"),
        ("x", "malformed"),
        ("", "malformed"),
        ("Bearer " + "a" * 100_000, "too_large"),
    ],
)
async def test_bad_token_beside_a_good_mesh_identity_is_refused(
    world: World, authorization: str, reason: Reason
) -> None:
    answer = await world.get(XFCC | {"authorization": authorization})

    assert answer.status_code == 401
    assert world.callers == []
    assert world.refusals == [("/mcp", reason)]


async def test_expired_token_beside_a_good_mesh_identity_is_refused(world: World) -> None:
    answer = await world.get(world.bearer(exp=NOW - 60) | XFCC)

    assert answer.status_code == 401
    assert "expired" in answer.json()["error_description"]


async def test_bad_mesh_identity_beside_a_good_token_is_refused(world: World) -> None:
    other = {"x-forwarded-client-cert": "URI=spiffe://other.test/x"}

    answer = await world.get(world.bearer() | other)

    assert answer.status_code == 401
    assert world.refusals == [("/mcp", "mesh")]


async def test_two_authorization_headers_are_refused_though_both_are_good(world: World) -> None:
    good = world.bearer()["authorization"].encode()

    answer = await world.get([(b"authorization", good), (b"Authorization", good)])

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    assert world.refusals == [("/mcp", "several")]


async def test_two_tokens_in_one_header_are_refused(world: World) -> None:
    good = world.bearer()["authorization"]

    assert (await world.get({"authorization": f"{good}, {good}"})).status_code == 401


async def test_token_in_the_address_is_not_read(world: World) -> None:
    token = world.bearer()["authorization"].removeprefix("Bearer ")

    assert (await world.get({}, f"/mcp?access_token={token}")).status_code == 401


async def test_scheme_is_read_in_any_letter_case_and_spacing(world: World) -> None:
    token = world.bearer()["authorization"].removeprefix("Bearer ")

    assert (await world.get({"authorization": f" bEaReR   {token}\t"})).status_code == 200


async def test_white_space_around_header_values_is_gone_downstream(world: World) -> None:
    await call(world, [(b"mcp-name", b" \t x \t"), *raw(world.bearer())])

    assert world.headers == ["x"]


async def test_refusal_says_what_to_do_and_where(world: World) -> None:
    answer = await world.get({})

    assert answer.status_code == 401
    assert answer.json() == {
        "error": "invalid_token",
        "error_description": "This server needs to know who calls.",
        "what_to_do": "Send one Authorization header: Bearer and an access token for this server.",
        "resource_metadata": "http://127.0.0.1:8931/.well-known/oauth-protected-resource/mcp",
    }
    assert answer.headers["www-authenticate"] == (
        'Bearer error="invalid_token", error_description="This server needs to know who calls.", '
        'scope="spark:read", '
        'resource_metadata="http://127.0.0.1:8931/.well-known/oauth-protected-resource/mcp"'
    )


async def test_next_good_token_works_after_an_expired_one(world: World) -> None:
    expired = await world.get(world.bearer(exp=NOW - 60))
    good = await world.get(world.bearer())

    assert (expired.status_code, good.status_code) == (401, 200)


async def test_key_endpoint_that_is_down_is_not_the_callers_fault() -> None:
    issuer = DevelopmentIssuer(URL, clock=lambda: NOW, environment={})
    transport = httpx2.MockTransport(lambda _: httpx2.Response(404))
    tokens = Tokens([issuer.trusted_for(HERE)], transport=transport, clock=lambda: NOW)
    world = World(issuer, tokens)

    answer = await world.get(world.bearer())

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "www-authenticate" not in answer.headers
    assert answer.json()["error"] == "temporarily_unavailable"


@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "//mcp", "/other", "/healthz/", "/healthz/x"])
async def test_every_path_is_protected_unless_it_is_opened(world: World, path: str) -> None:
    assert (await world.get({}, path)).status_code == 401


async def test_open_paths_need_nobody(world: World) -> None:
    assert (await world.get({}, "/healthz")).status_code == 200


async def test_websockets_are_closed(world: World) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await world.app()({"type": "websocket", "path": "/mcp", "headers": []}, nothing, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]


async def nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


async def call(world: World, headers: list[tuple[bytes, bytes]]) -> None:
    """Calls with header values as they are: a client would strip them."""

    async def send(_: Message) -> None:
        return None

    receive: Receive = nothing
    sender: Send = send
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": "/mcp",
        "query_string": b"",
        "headers": headers,
        "client": ("10.0.0.1", 1),
    }
    await world.app()(scope, receive, sender)
