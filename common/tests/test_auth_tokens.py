from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from hashlib import sha256
from hmac import digest

import httpx2
import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dragoman.auth.caller import Caller
from dragoman.auth.issuer import DevelopmentIssuer, dev_token
from dragoman.auth.issuer_app import issuer_app
from dragoman.auth.issuers import Issuer
from dragoman.auth.jwt import Tokens
from dragoman.auth.refusal import TokenRefused

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:9000"
HERE = "http://127.0.0.1:8931/mcp"
NOW = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(clock: Clock) -> DevelopmentIssuer:
    return DevelopmentIssuer(URL, clock=clock, environment={})


@pytest.fixture
async def tokens(issuer: DevelopmentIssuer, clock: Clock) -> AsyncIterator[Tokens]:
    made = tokens_of(issuer, issuer.trusted_for(HERE), clock)
    yield made
    await made.aclose()


def tokens_of(issuer: DevelopmentIssuer, trusted: Issuer, clock: Clock) -> Tokens:
    transport = httpx2.ASGITransport(issuer_app(issuer))
    return Tokens([trusted], transport=transport, clock=clock, monotonic=clock)


def here(claims: Mapping[str, object] | None = None) -> dict[str, object]:
    return {"aud": HERE, **(claims or {})}


def raw(header: object, claims: object, signature: bytes = b"") -> str:
    parts = (msgspec.json.encode(header), msgspec.json.encode(claims), signature)
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


async def refused(tokens: Tokens, token: str) -> TokenRefused:
    with pytest.raises(TokenRefused) as caught:
        await tokens.verify(token)
    return caught.value


async def test_good_token_gives_everything_about_its_caller(
    issuer: DevelopmentIssuer, tokens: Tokens
) -> None:
    claims = {"act": {"sub": "slack"}, "channel": "C1", "scope": "spark:read spark:write"}

    caller = await tokens.verify(dev_token(issuer, here(claims)))

    assert caller == Caller(
        "alice",
        groups=frozenset({"data-eng"}),
        surface="slack",
        channel="C1",
        issuer=URL,
        scopes=frozenset({"spark:read", "spark:write"}),
        expires_at=int(NOW) + 3600,
    )


async def test_unsigned_token_is_refused(issuer: DevelopmentIssuer, tokens: Tokens) -> None:
    claims = {"iss": URL, "sub": "alice", "aud": HERE, "exp": NOW + 60}
    for name in ("none", "None", "NONE", "", None):
        token = raw({"alg": name, "kid": issuer.key.kid}, claims)

        assert (await refused(tokens, token)).reason in {"algorithm", "malformed"}


async def test_token_signed_by_hmac_with_the_public_key_is_refused(
    issuer: DevelopmentIssuer, tokens: Tokens
) -> None:
    public = issuer.key.private.public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = {"iss": URL, "sub": "alice", "aud": HERE, "exp": NOW + 60}
    unsigned = raw({"alg": "HS256", "kid": issuer.key.kid}, claims).rpartition(".")[0]
    signature = urlsafe_b64encode(digest(secret, unsigned.encode(), sha256)).rstrip(b"=")

    refusal = await refused(tokens, f"{unsigned}.{signature.decode()}")

    assert refusal.reason == "algorithm"
