"""An ordinary MCP client finds the issuer, signs a person in, and is let through."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from dragoman.auth.asgi import CALLER, Authenticate
from dragoman.auth.challenge import Resource, well_known
from dragoman.auth.issuer import DevelopmentIssuer
from dragoman.auth.issuer_app import issuer_app
from dragoman.auth.jwt import Tokens
from dragoman.auth.mesh import Mesh

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:9000"
HERE = "http://127.0.0.1:8931/mcp"
BACK = "http://127.0.0.1:33418/callback"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class ByPort(httpx2.AsyncBaseTransport):
    """A machine with several applications."""

    def __init__(self, apps: Mapping[int, ASGIApp]) -> None:
        self._apps = {port: httpx2.ASGITransport(app) for port, app in apps.items()}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._apps[request.url.port or 80].handle_async_request(request)


class Memory:
    """What the client keeps."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Browser:
    """A person who chooses carol."""

    def __init__(self, machine: ByPort) -> None:
        self._machine = machine
        self._back: dict[str, str] = {}

    async def open(self, address: str) -> None:
        asked = dict(parse_qsl(urlsplit(address).query)) | {"person": "carol"}
        async with httpx2.AsyncClient(transport=self._machine) as browser:
            answer = await browser.post(f"{URL}/authorize", data=asked)
        self._back = dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    async def come_back(self) -> AuthorizationCodeResult:
        back = self._back
        return AuthorizationCodeResult(code=back["code"], state=back["state"], iss=back["iss"])


async def whoami(request: Request) -> Response:
    caller = request.scope[CALLER]
    return JSONResponse([caller.subject, sorted(caller.groups), sorted(caller.scopes)])


@pytest.mark.parametrize("identity", [None, "https://ide.test/client.json"])
async def test_client_that_knows_only_the_servers_address_is_signed_in(
    identity: str | None,
) -> None:
    issuer = DevelopmentIssuer(URL, environment={})
    idp = issuer_app(issuer)
    resource = Resource("spark", HERE, (URL,))
    tokens = Tokens([issuer.trusted_for(HERE)], transport=httpx2.ASGITransport(idp))

    async def refused(*_: object) -> None:
        return None

    server = Authenticate(
        Starlette(routes=[Route("/mcp", whoami), *well_known(resource)]),
        tokens=tokens,
        mesh=Mesh(),
        resource=resource,
        on_refusal=refused,
    )
    machine = ByPort({9000: idp, 8931: server})
    browser = Browser(machine)
    auth = OAuthClientProvider(
        HERE,
        OAuthClientMetadata(redirect_uris=[AnyUrl(BACK)], token_endpoint_auth_method="none"),
        Memory(),
        redirect_handler=browser.open,
        callback_handler=browser.come_back,
        client_metadata_url=identity,
    )

    async with httpx2.AsyncClient(transport=machine, auth=auth) as client:
        answer = await client.get(HERE)

    assert answer.json() == ["carol", ["data-eng", "on-call"], ["spark:read"]]
