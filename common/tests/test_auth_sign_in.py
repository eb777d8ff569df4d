from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest

from dragoman.auth.issuer import DevelopmentIssuer
from dragoman.auth.issuer_app import issuer_app
from dragoman.auth.jwt import Tokens
from dragoman.auth.refusal import TokenRefused

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:9000"
HERE = "http://127.0.0.1:8931/mcp"
BACK = "http://127.0.0.1:33418/callback"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "response_type": "code",
    "client_id": "https://ide.test/client.json",
    "redirect_uri": BACK,
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "state": "s & 1",
    "scope": "spark:read",
    "resource": HERE,
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class World:
    def __init__(self, clients: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.now = 1_800_000_000.0
        self.issuer = DevelopmentIssuer(URL, clock=self.clock, clients=clients, environment={})
        self.app = issuer_app(self.issuer)
        transport = httpx2.ASGITransport(self.app)
        trusted = self.issuer.trusted_for(HERE)
        self.tokens = Tokens([trusted], transport=transport, clock=self.clock)

    def clock(self) -> float:
        return self.now

    def browser(self, peer: str = "127.0.0.1", base: str = URL) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(self.app, client=(peer, 1))
        return httpx2.AsyncClient(transport=transport, base_url=base)

    async def get(self, path: str) -> httpx2.Response:
        async with self.browser() as browser:
            return await browser.get(path)

    async def ask(self, change: Mapping[str, str | None] | None = None) -> httpx2.Response:
        return await self.get(f"/authorize?{urlencode(changed(ASKED, change))}")

    async def press(self, change: Mapping[str, str | None] | None = None) -> httpx2.Response:
        async with self.browser() as browser:
            return await browser.post("/authorize", data=changed(ASKED | PERSON, change))

    async def code(self, change: Mapping[str, str | None] | None = None) -> str:
        return returned(await self.press(change))["code"]

    async def token(
        self, asked: Mapping[str, str], peer: str = "127.0.0.1", base: str = URL
    ) -> httpx2.Response:
        async with self.browser(peer, base) as client:
            return await client.post("/token", data=dict(asked))


PERSON = {"person": "alice"}


def changed(asked: Mapping[str, str], change: Mapping[str, str | None] | None) -> dict[str, str]:
    every = {**asked, **(change or {})}
    return {name: value for name, value in every.items() if value is not None}


def returned(answer: httpx2.Response) -> dict[str, str]:
    """What a redirect back to the client says."""
    assert answer.status_code == 303, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def exchange(code: str, change: Mapping[str, str | None] | None = None) -> dict[str, str]:
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": ASKED["client_id"],
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "resource": HERE,
    }
    return changed(asked, change)


async def test_person_signs_in_with_one_press_and_the_server_takes_the_token() -> None:
    world = World()
    page = await world.ask()
    back = returned(await world.press())
    body = (await world.token(exchange(back["code"]))).json()

    caller = await world.tokens.verify(body["access_token"])

    assert all(name in page.text for name in ("alice", "bob", "carol", "data-eng, on-call"))
    assert (back["state"], back["iss"]) == ("s & 1", URL)
    assert (caller.subject, caller.groups, caller.scopes) == ("alice", {"data-eng"}, {"spark:read"})
    assert (caller.surface, caller.issuer) == ("", URL)
    assert "id_token" not in body


async def test_sign_in_gives_an_id_token_that_no_server_takes() -> None:
    world = World()
    code = await world.code({"scope": "openid", "nonce": "n1", "resource": None})

    body = (await world.token(exchange(code, {"resource": None}))).json()

    for name in ("id_token", "access_token"):
        with pytest.raises(TokenRefused) as caught:
            await world.tokens.verify(body[name])
        assert caught.value.reason == "audience"


async def test_code_is_good_once() -> None:
    world = World()
    code = await world.code()

    first = await world.token(exchange(code))
    second = await world.token(exchange(code))

    assert (first.status_code, second.status_code) == (200, 400)
    assert second.json()["error"] == "invalid_grant"


async def test_code_is_good_for_a_minute() -> None:
    world = World()
    code = await world.code()

    world.now += 60

    assert (await world.token(exchange(code))).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_grant"),
        ({"code_verifier": CHALLENGE}, "invalid_grant"),
        ({"code_verifier": "v"}, "invalid_grant"),
        ({"client_id": "other"}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:1/callback"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"resource": "http://127.0.0.1:8932/mcp"}, "invalid_target"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
    ],
)
async def test_code_in_other_hands_gives_no_token_and_is_used_up(
    change: dict[str, str | None], error: str
) -> None:
    world = World()
    code = await world.code()

    answer = await world.token(exchange(code, change))
    again = await world.token(exchange(code))

    assert answer.json()["error"] == error
    assert (again.status_code == 200) == (error == "unsupported_grant_type")


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "",
        "https://evil.test/callback",
        "http://127.0.0.1.evil.test/callback",
        "http://127.0.0.1@evil.test/callback",
        "http://evil.test@127.0.0.1/callback",
        "http://evil.test\\@127.0.0.1/callback",
        "http://localhost.evil.test/",
        "http://127.0.0.1:x/",
        "http://[::1/",
        "http://127.0.0.1/#x",
        "https://127.0.0.1/",
        "javascript://127.0.0.1/%0aalert(1)",
        "//127.0.0.1/",
        "http://127.0.0.1/\r\nset-cookie: a=b",
        "ide://callback",
    ],
)
@pytest.mark.parametrize("way", ["ask", "press"])
async def test_nobody_is_sent_to_an_address_that_is_not_known(uri: str | None, way: str) -> None:
    world = World()

    answer = await (world.ask if way == "ask" else world.press)({"redirect_uri": uri})

    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize("uri", ["http://localhost:1/x", "http://[::1]:1/x", "http://127.9.9.9/"])
async def test_own_machine_is_always_a_way_back(uri: str) -> None:
    assert returned(await World().press({"redirect_uri": uri}))["code"]


async def test_registered_address_is_compared_exactly() -> None:
    world = World({"chat": ("https://chat.test/callback?x=1",)})
    chat = {"client_id": "chat", "redirect_uri": "https://chat.test/callback?x=1"}

    good = await world.press(chat)
    other = await world.press(chat | {"redirect_uri": "https://chat.test/callback?x=1&y"})
    stranger = await world.press(chat | {"client_id": "x"})

    assert good.headers["location"].startswith("https://chat.test/callback?x=1&code=")
    assert (other.status_code, stranger.status_code) == (400, 400)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"resource": None}, "invalid_target"),
        ({"resource": "spark"}, "invalid_target"),
        ({"resource": f"{HERE}#x"}, "invalid_target"),
        ({"person": "mallory"}, "access_denied"),
        ({"person": None}, "access_denied"),
    ],
)
async def test_request_that_cannot_be_granted_goes_back_with_the_reason(
    change: dict[str, str | None], error: str
) -> None:
    back = returned(await World().press(change))

    assert (back["error"], back["state"], back["iss"]) == (error, "s & 1", URL)
    assert "code" not in back


async def test_link_alone_signs_nobody_in() -> None:
    answer = await World().ask(PERSON)

    assert answer.status_code == 200
    assert "code=" not in answer.text
    assert 'name="person" value="alice">alice' in answer.text


async def test_page_shows_what_was_asked_as_text() -> None:
    answer = await World().ask({"state": '"><script>alert(1)</script>'})

    assert "<script>" not in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_parameter_given_twice_is_refused() -> None:
    world = World()

    answer = await world.get(f"/authorize?{urlencode(ASKED)}&redirect_uri=http://127.0.0.1/")

    assert answer.status_code == 400
