from collections.abc import Mapping
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dragoman.auth.issuer import DevelopmentIssuer, Key, NotForProduction, dev_token
from dragoman.auth.issuer_app import DEVELOPMENT_GRANT, issuer_app
from dragoman.auth.jwt import Tokens
from dragoman.auth.people import PeopleUnreadable, read_people

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:9000"
HERE = "http://127.0.0.1:8931/mcp"
BACK = "http://127.0.0.1:33418/callback"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class World:
    def __init__(self) -> None:
        self.issuer = DevelopmentIssuer(URL, environment={})
        self.app = issuer_app(self.issuer)
        trusted = self.issuer.trusted_for(HERE)
        self.tokens = Tokens([trusted], transport=httpx2.ASGITransport(self.app))

    def client(self, peer: str = "127.0.0.1", base: str = URL) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(self.app, client=(peer, 1))
        return httpx2.AsyncClient(transport=transport, base_url=base)

    async def get(self, path: str) -> httpx2.Response:
        async with self.client() as client:
            return await client.get(path)

    async def token(
        self, asked: Mapping[str, str], peer: str = "127.0.0.1", base: str = URL
    ) -> httpx2.Response:
        async with self.client(peer, base) as client:
            return await client.post("/token", data=dict(asked))


def shortcut(change: dict[str, str | None] | None = None) -> dict[str, str]:
    every = {"grant_type": DEVELOPMENT_GRANT, "person": "alice", "resource": HERE} | (change or {})
    return {name: value for name, value in every.items() if value is not None}


@pytest.mark.parametrize("path", ["/authorize", "/token", "/register"])
async def test_large_request_is_refused(path: str) -> None:
    async with World().client() as client:
        answer = await client.post(path, content=b"a=" + b"x" * 100_000)

    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["openid-configuration", "oauth-authorization-server"])
async def test_discovery_tells_what_a_client_needs(name: str) -> None:
    found = (await World().get(f"/.well-known/{name}")).json()

    assert found["issuer"] == URL
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["authorization_response_iss_parameter_supported"] is True
    assert found["client_id_metadata_document_supported"] is True


async def test_key_set_holds_no_private_part() -> None:
    keys = (await World().get("/jwks.json")).json()["keys"]

    assert [set(key) for key in keys] == [{"kty", "crv", "x", "y", "kid", "use", "alg"}]


async def test_public_client_registers_only_ways_back_to_this_machine() -> None:
    async with World().client() as client:
        good = await client.post("/register", json={"redirect_uris": [BACK]})
        bad = await client.post("/register", json={"redirect_uris": [BACK, "https://evil.test"]})
        none = await client.post("/register", json={})

    assert (good.status_code, bad.status_code, none.status_code) == (201, 400, 400)
    assert good.json()["token_endpoint_auth_method"] == "none"


async def test_shortcut_gives_a_token_for_a_surface_and_channel() -> None:
    world = World()
    answer = await world.token(shortcut({"surface": "slack", "channel": "C1", "scope": "a b"}))

    caller = await world.tokens.verify(answer.json()["access_token"])

    assert (caller.subject, caller.surface, caller.channel) == ("alice", "slack", "C1")
    assert caller.scopes == {"a", "b"}


async def test_shortcut_is_for_this_machine_only() -> None:
    answer = await World().token(shortcut(), peer="192.0.2.1")

    assert answer.json()["error"] == "unauthorized_client"


async def test_web_page_cannot_take_the_shortcut_by_a_name_of_its_own() -> None:
    answer = await World().token(shortcut(), base="http://rebound.evil.test:9000")

    assert answer.status_code == 400
    assert "access_token" not in answer.text


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"person": "mallory"}, "invalid_request"),
        ({"person": None}, "invalid_request"),
        ({"resource": None}, "invalid_target"),
    ],
)
async def test_shortcut_needs_a_known_person_and_a_server(
    change: dict[str, str | None], error: str
) -> None:
    assert (await World().token(shortcut(change))).json()["error"] == error


@pytest.mark.parametrize("value", ["production", " Production\n"])
def test_issuer_does_not_start_in_production(value: str) -> None:
    with pytest.raises(NotForProduction):
        DevelopmentIssuer(URL, environment={"DRAGOMAN_ENV": value})


async def test_rotated_key_signs_and_the_earlier_one_counts_until_it_is_withdrawn() -> None:
    world = World()
    old = dev_token(world.issuer, {"aud": HERE})

    world.issuer.rotate()
    both = len(world.issuer.jwks()["keys"])
    await world.tokens.verify(old)
    await world.tokens.verify(dev_token(world.issuer, {"aud": HERE}))
    world.issuer.withdraw()

    assert both == 2
    assert world.issuer.jwks()["keys"] == [world.issuer.key.public]


def test_key_of_a_file_keeps_its_id(tmp_path: Path) -> None:
    key = Key.make()
    file = tmp_path / "key.pem"
    pem = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(key.private.private_bytes(*pem))

    assert Key.read(file).kid == key.kid

    file.write_bytes(Ed25519PrivateKey.generate().private_bytes(*pem))
    with pytest.raises(ValueError, match="EC P-256"):
        Key.read(file)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("people.toml", '[[people]]\nname = "dora"\ngroups = ["ads"]\n'),
        ("people.json", '{"people": [{"name": "dora", "groups": ["ads"]}]}'),
    ],
)
def test_people_come_from_a_file(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text)

    people = read_people(file)

    assert {each.name: each.groups for each in people.values()} == {"dora": ("ads",)}


@pytest.mark.parametrize("text", ["x", "", "[[people]]\nname = 1", '[[people]]\nnam = "a"'])
def test_file_without_people_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "people.toml"
    file.write_text(text)

    with pytest.raises(PeopleUnreadable, match=r"people\.toml"):
        read_people(file)
