"""The sign-in of `dragoman approvals`, against the development issuer over real sockets."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from dragoman.auth.issuer import DevelopmentIssuer
from dragoman.auth.issuer_app import issuer_app
from dragoman.auth.refusal import TokenRefused
from dragoman.auth.sign_in import SignInFailed, Wanted, sign_in
from dragoman.auth.signed_in import signed_in

pytestmark = pytest.mark.anyio

DOOR = "http://127.0.0.1:8931/approvals"

Walk = Callable[[httpx2.AsyncClient, str], Awaitable[object]]


class _Form(HTMLParser):
    """The hidden fields of the login page."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "input":
            self.fields[found["name"]] = found["value"]


class Browser:
    """Goes where the command says, in the background, as a person's browser does."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self.addresses: list[str] = []
        self.walked: asyncio.Task[object] | None = None

    def __call__(self, address: str) -> None:
        self.addresses.append(address)
        self.walked = asyncio.create_task(self._go(address))

    async def _go(self, address: str) -> object:
        async with httpx2.AsyncClient() as client:
            return await self._walk(client, address)


def press(person: str) -> Walk:
    async def walk(client: httpx2.AsyncClient, address: str) -> httpx2.Response:
        back = await client.get(await redirect(client, address, person))
        assert back.status_code == 200, back.text
        return back

    return walk


async def redirect(client: httpx2.AsyncClient, address: str, person: str) -> str:
    """Where the issuer sends the browser after the person has pressed a button."""
    form = _Form()
    form.feed((await client.get(address)).text)
    page = urlunsplit(urlsplit(address)._replace(query=""))
    answer = await client.post(page, data=form.fields | {"person": person})
    return answer.headers["location"]


def altered(address: str, change: dict[str, str | None]) -> str:
    parts = urlsplit(address)
    said = {**dict(parse_qsl(parts.query)), **change}
    kept = {name: value for name, value in said.items() if value is not None}
    return urlunsplit(parts._replace(query=urlencode(kept)))


@asynccontextmanager
async def listening(made: Callable[[str], Starlette]) -> AsyncGenerator[str]:
    """An application on a free port of this machine; the address it was made for."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{place.getsockname()[1]}"
        config = uvicorn.Config(made(url), log_level="error", ws="none", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[place]))
        try:
            yield url
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def issuing(
    kind: type[DevelopmentIssuer] = DevelopmentIssuer,
) -> AsyncGenerator[DevelopmentIssuer]:
    made: list[DevelopmentIssuer] = []

    def app(url: str) -> Starlette:
        made.append(kind(url, environment={}))
        return issuer_app(made[0])

    async with listening(app):
        yield made[0]


def wanted(issuer: DevelopmentIssuer, seconds: float = 20.0) -> Wanted:
    return Wanted(issuer.trusted_for("http://127.0.0.1:8931/mcp"), DOOR, seconds=seconds)


class Remembering(DevelopmentIssuer):
    """An issuer that lets a browser in because it was signed in long ago."""

    def id_token(self, subject: str, client_id: str, nonce: str) -> str:
        return self.sign({"sub": subject, "aud": client_id, "nonce": nonce, "auth_time": 1})


class Silent(DevelopmentIssuer):
    """An issuer that says who signed in without proof."""

    def id_token(self, subject: str, client_id: str, nonce: str) -> str:
        del subject, client_id, nonce
        return ""


async def refusal(
    walk: Walk, seconds: float = 20.0, kind: type[DevelopmentIssuer] = DevelopmentIssuer
) -> str:
    async with issuing(kind) as issuer:
        browser = Browser(walk)
        with pytest.raises(SignInFailed) as caught:
            await sign_in(wanted(issuer, seconds), browser)
        if browser.walked:
            await browser.walked
    return str(caught.value)


async def test_a_person_signs_in_with_their_browser_and_the_door_knows_them() -> None:
    async with issuing() as issuer:
        browser = Browser(press("carol"))
        token = await sign_in(wanted(issuer), browser)

        me = await signed_in(token, [issuer.trusted_for("any")], DOOR)

    asked = dict(parse_qsl(urlsplit(browser.addresses[0]).query))
    assert (me.subject, me.groups, me.surface) == ("carol", {"data-eng", "on-call"}, "")
    assert (asked["resource"], asked["code_challenge_method"]) == (DOOR, "S256")
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    assert asked["redirect_uri"].startswith("http://127.0.0.1:")


async def test_its_token_opens_no_server() -> None:
    async with issuing() as issuer:
        token = await sign_in(wanted(issuer), Browser(press("carol")))

        with pytest.raises(TokenRefused) as caught:
            await signed_in(token, [issuer.trusted_for("any")], "http://127.0.0.1:8931/mcp")

    assert caught.value.reason == "audience"


async def test_a_denied_sign_in_says_so() -> None:
    assert "denied" in await refusal(press("mallory"))


async def test_nobody_who_signs_in_is_not_waited_for_for_ever() -> None:
    async def away(client: httpx2.AsyncClient, address: str) -> None:
        del client, address

    assert "Nobody signed in within 0.05 s" in await refusal(away, seconds=0.05)


@pytest.mark.parametrize("change", [{"iss": "http://127.0.0.1:1"}, {"iss": None}])
async def test_an_answer_of_another_issuer_is_thrown_away(change: dict[str, str | None]) -> None:
    async def mixed_up(client: httpx2.AsyncClient, address: str) -> None:
        await client.get(altered(await redirect(client, address, "carol"), change))

    assert "did not come from" in await refusal(mixed_up)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "guessed"},
        {"state": None},
        {"state": "é"},
        {"state": "guessed", "error": "access_denied", "code": None},
    ],
)
async def test_a_stranger_on_this_machine_cannot_end_or_take_over_the_sign_in(
    change: dict[str, str | None],
) -> None:
    async def attacked(client: httpx2.AsyncClient, address: str) -> list[int]:
        true = await redirect(client, address, "carol")
        elsewhere = urlunsplit(urlsplit(true)._replace(path="/"))
        false = [altered(true, change), elsewhere, f"{true}&state=x"]
        codes = [(await client.get(each)).status_code for each in false]
        codes.append((await client.post(true)).status_code)
        return [*codes, (await client.get(true)).status_code]

    async with issuing() as issuer:
        browser = Browser(attacked)
        token = await sign_in(wanted(issuer), browser)
        assert browser.walked is not None
        codes = await browser.walked

    assert token
    assert codes == [400, 400, 400, 400, 200]


async def test_a_code_of_another_sign_in_gives_no_token() -> None:
    async def injected(client: httpx2.AsyncClient, address: str) -> None:
        other = altered(address, {"code_challenge": "x" * 43})
        code = dict(parse_qsl(urlsplit(await redirect(client, other, "bob")).query))["code"]
        await client.get(altered(await redirect(client, address, "carol"), {"code": code}))

    assert "gave no token (invalid_grant)" in await refusal(injected)


async def test_an_answer_with_another_nonce_is_thrown_away() -> None:
    async def replayed(client: httpx2.AsyncClient, address: str) -> None:
        await press("carol")(client, altered(address, {"nonce": "old"}))

    assert "another sign-in" in await refusal(replayed)


async def test_a_browser_that_was_signed_in_before_says_no_yes_by_itself() -> None:
    assert "did not ask who is there" in await refusal(press("carol"), kind=Remembering)


async def test_an_issuer_that_does_not_prove_who_signed_in_is_not_believed() -> None:
    assert "did not prove who signed in" in await refusal(press("carol"), kind=Silent)


async def test_an_issuer_that_does_not_answer_is_named() -> None:
    issuer = DevelopmentIssuer("http://127.0.0.1:9", environment={})

    with pytest.raises(SignInFailed, match=r"http://127\.0\.0\.1:9 does not answer"):
        await sign_in(wanted(issuer), Browser(press("carol")))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"issuer": "https://evil.test"}, "another issuer"),
        ({"token_endpoint": "http://evil.test/token"}, "not https"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
        ({"token_endpoint": None}, "no OpenID document"),
    ],
)
async def test_nothing_is_sent_where_the_discovery_document_cannot_be_trusted(
    change: dict[str, object], said: str
) -> None:
    urls: list[str] = []

    def app(url: str) -> Starlette:
        urls.append(url)
        true = {
            "issuer": url,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
            "code_challenge_methods_supported": ["S256"],
        }

        async def document(_: Request) -> Response:
            return JSONResponse(true | change)

        return Starlette(routes=[Mount("/.well-known", routes=[Route("/{name}", document)])])

    browser = Browser(press("carol"))
    async with listening(app) as url:
        with pytest.raises(SignInFailed, match=said):
            await sign_in(wanted(DevelopmentIssuer(url, environment={})), browser)

    assert browser.addresses == []
