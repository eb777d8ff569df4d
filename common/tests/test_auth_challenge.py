import httpx2
import msgspec
import pytest
from starlette.applications import Starlette

from dragoman.auth.challenge import Resource, challenge, insufficient_scope, well_known

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:9000"
HERE = "http://127.0.0.1:8931/mcp"
RESOURCE = Resource("spark", HERE, (URL,))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def get(path: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(Starlette(routes=[*well_known(RESOURCE)]))
    async with httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
        return await client.get(path)


async def test_metadata_is_served_where_the_challenge_points() -> None:
    answer = await get("/.well-known/oauth-protected-resource/mcp")

    assert answer.json() == {
        "resource": HERE,
        "resource_name": "spark",
        "authorization_servers": [URL],
        "scopes_supported": ["spark:read", "spark:write"],
        "bearer_methods_supported": ["header"],
    }


@pytest.mark.parametrize(
    "path", ["oauth-protected-resource", "oauth-authorization-server/mcp", "openid-configuration"]
)
async def test_well_known_document_that_is_not_here_answers_in_json(path: str) -> None:
    answer = await get(f"/.well-known/{path}")

    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"
    assert RESOURCE.metadata_url in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://x.test", "https://x.test/.well-known/oauth-protected-resource"),
        ("https://x.test/", "https://x.test/.well-known/oauth-protected-resource"),
        ("https://x.test/a/mcp", "https://x.test/.well-known/oauth-protected-resource/a/mcp"),
    ],
)
def test_metadata_address_keeps_the_path_of_the_resource(address: str, url: str) -> None:
    assert Resource("x", address, ()).metadata_url == url


def test_insufficient_scope_names_all_scopes_at_once() -> None:
    answer = insufficient_scope(["spark:read", "spark:write"], RESOURCE.metadata_url)

    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert 'scope="spark:read spark:write"' in answer.headers["www-authenticate"]
    assert msgspec.json.decode(bytes(answer.body))["scope"] == "spark:read spark:write"


def test_challenge_cannot_be_broken_out_of() -> None:
    said = challenge('a"', 'b\\"\r\nset-cookie: x\u00e9', ["c"], "d")

    assert said == (
        'Bearer error="a ", error_description="b    set-cookie: x ", '
        'scope="c", resource_metadata="d"'
    )
