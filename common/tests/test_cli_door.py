"""Attacks on the door where a person decides: whose token opens it."""

import json

import httpx2
import pytest

from dragoman.auth.issuer import DevelopmentIssuer, dev_token
from dragoman.auth.issuer_app import issuer_app
from dragoman.auth.issuers import Issuer
from dragoman.auth.refusal import TokenRefused
from dragoman.auth.signed_in import signed_in
from dragoman.settings import Settings

pytestmark = pytest.mark.anyio

SERVER = "http://127.0.0.1:8931/mcp"
DOOR = "http://127.0.0.1:8931/approvals"


class World:
    def __init__(self) -> None:
        self.issuer = DevelopmentIssuer("http://127.0.0.1:9000", environment={})
        self.keys = httpx2.ASGITransport(issuer_app(self.issuer))

    async def opens(self, token: str) -> str:
        """Who comes in with it."""
        trusted = [self.issuer.trusted_for(SERVER)]
        return (await signed_in(token, trusted, DOOR, self.keys)).subject


async def test_a_person_with_a_token_for_the_door_alone_comes_in() -> None:
    world = World()

    names = [await world.opens(dev_token(world.issuer, {"aud": aud})) for aud in (DOOR, [DOOR])]

    assert names == ["alice", "alice"]


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": SERVER},
        {"aud": [SERVER]},
        {"aud": [SERVER, DOOR]},
        {"aud": [DOOR, SERVER]},
        {"aud": f"{DOOR}/x"},
        {"aud": None},
        {"aud": []},
    ],
)
async def test_a_token_that_an_agent_holds_for_a_server_opens_nothing(
    claims: dict[str, object],
) -> None:
    world = World()

    with pytest.raises(TokenRefused, match="Leave out --token") as caught:
        await world.opens(dev_token(world.issuer, claims))

    assert caught.value.reason == "audience"


@pytest.mark.parametrize("act", [{"sub": "chat"}, {"sub": ""}, {}, "chat", [], 0])
async def test_a_token_that_names_an_agent_opens_nothing(act: object) -> None:
    world = World()
    token = world.issuer.sign({"sub": "alice", "aud": DOOR, "act": act})

    with pytest.raises(TokenRefused):
        await world.opens(token)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "airflow-bot", "client_id": "airflow-bot"},
        {"sub": "airflow-bot", "azp": "airflow-bot"},
        {"sub": "spiffe://example.test/airflow"},
        {"sub": "7f0e", "idtyp": "app"},
        {"sub": "7f0e", "gty": "client-credentials"},
    ],
)
async def test_a_service_opens_nothing(claims: dict[str, object]) -> None:
    world = World()

    with pytest.raises(TokenRefused, match="service"):
        await world.opens(dev_token(world.issuer, {"aud": DOOR} | claims))


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": 1}, "expired"),
        ({"nbf": 2**40}, "not_yet_valid"),
        ({"iss": "http://127.0.0.1:9001"}, "issuer"),
        ({"sub": None}, "claim"),
    ],
)
async def test_a_stale_or_foreign_token_opens_nothing(
    claims: dict[str, object], reason: str
) -> None:
    world = World()

    with pytest.raises(TokenRefused) as caught:
        await world.opens(dev_token(world.issuer, {"aud": DOOR} | claims))

    assert caught.value.reason == reason


async def test_a_token_signed_by_another_key_opens_nothing() -> None:
    world = World()
    forger = DevelopmentIssuer(world.issuer.url, environment={})

    with pytest.raises(TokenRefused):
        await world.opens(dev_token(forger, {"aud": DOOR}))


@pytest.mark.parametrize(
    ("audience", "door"),
    [
        (SERVER, SERVER),
        (DOOR, ""),
        (f"{DOOR}/", ""),
        ("https://x.test", "https://x.test/"),
        ("https://x.test/mcp", SERVER),
    ],
)
def test_no_settings_let_a_server_take_the_tokens_of_the_door(audience: str, door: str) -> None:
    issuer = Issuer(issuer="https://idp.test", audience=(audience,), jwks_uri="https://idp.test/k")

    with pytest.raises(ValueError, match="must differ from every audience"):
        Settings(issuers=(issuer,), approvals_audience=door)


def test_the_door_lies_beside_the_server() -> None:
    assert Settings(public_url="https://spark.test/").approvals_address == (
        "https://spark.test/approvals"
    )


def test_an_issuer_takes_one_audience_or_several() -> None:
    one = {"issuer": "https://idp.test", "audience": "spark", "jwks_uri": "https://idp.test/k"}

    single = Issuer.model_validate_json(json.dumps(one))
    several = Issuer.model_validate_json(json.dumps(one | {"audience": ["spark", "presto"]}))

    assert (single.audience, several.audience) == (("spark",), ("spark", "presto"))
