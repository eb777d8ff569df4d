from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from hashlib import sha256
from hmac import digest

import httpx2
import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm
from starlette.applications import Starlette

from dragoman.auth.issuer import DevelopmentIssuer, Key, dev_token
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


async def test_token_of_another_kind_of_key_is_refused(clock: Clock) -> None:
    # The key's own algorithm counts, whatever the header claims of it.
    issuer = DevelopmentIssuer(URL, clock=clock, environment={})
    rsa = generate_private_key(65537, 2048)
    claims = {"iss": URL, "sub": "alice", "aud": HERE, "exp": NOW + 60}
    token = jwt.encode(claims, rsa, "RS256", {"kid": issuer.key.kid})
    tokens = tokens_of(issuer, issuer.trusted_for(HERE), clock)

    assert (await refused(tokens, token)).reason == "algorithm"


async def test_algorithm_outside_the_issuers_list_is_refused_though_its_key_fits(
    clock: Clock,
) -> None:
    issuer = DevelopmentIssuer(URL, clock=clock, environment={})
    only_rsa = issuer.trusted_for(HERE).model_copy(update={"algorithms": ("RS256",)})
    tokens = tokens_of(issuer, only_rsa, clock)

    refusal = await refused(tokens, dev_token(issuer, here()))

    assert refusal.reason == "algorithm"
    assert "RS256" in str(refusal)


async def test_token_signed_by_a_stranger_under_a_known_key_id_is_refused(
    issuer: DevelopmentIssuer, tokens: Tokens
) -> None:
    claims = {"iss": URL, "sub": "alice", "aud": HERE, "exp": NOW + 60}
    token = jwt.encode(claims, Key.make().private, "ES256", {"kid": issuer.key.kid})

    assert (await refused(tokens, token)).reason == "signature"


async def test_header_that_must_be_understood_is_refused_though_the_signature_holds(
    issuer: DevelopmentIssuer, tokens: Tokens
) -> None:
    header = {"alg": "ES256", "kid": issuer.key.kid, "b64": True, "crit": ["b64"]}
    claims = {"iss": URL, "sub": "alice", "aud": HERE, "exp": NOW + 60}
    unsigned = raw(header, claims).rpartition(".")[0]
    signature = ECAlgorithm(ECAlgorithm.SHA256).sign(unsigned.encode(), issuer.key.private)
    token = f"{unsigned}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    assert "extension" in str(await refused(tokens, token))


@pytest.mark.parametrize("place", ["jwk", "jku", "x5u", "x5c"])
async def test_key_that_the_token_brings_along_is_never_used(
    issuer: DevelopmentIssuer, tokens: Tokens, place: str
) -> None:
    own = Key.make()
    brought = {"jwk": dict(own.public), "x5c": ["MIIB"]}.get(place, "http://evil.test/jwks.json")
    claims = {"iss": URL, "sub": "alice", "aud": HERE, "exp": NOW + 60}
    token = jwt.encode(claims, own.private, "ES256", {"kid": issuer.key.kid, place: brought})

    assert (await refused(tokens, token)).reason == "signature"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "http://127.0.0.1:9000/"},
        {"iss": "HTTP://127.0.0.1:9000"},
        {"iss": "https://evil.test"},
        {"iss": ["http://127.0.0.1:9000"]},
        {"iss": None},
    ],
)
async def test_another_issuer_is_refused(
    issuer: DevelopmentIssuer, tokens: Tokens, change: dict[str, object]
) -> None:
    refusal = await refused(tokens, dev_token(issuer, here(change)))

    assert refusal.reason == "issuer"
    assert "evil" not in str(refusal)


async def test_remembered_token_is_refused_once_it_expires(
    issuer: DevelopmentIssuer, tokens: Tokens, clock: Clock
) -> None:
    token = dev_token(issuer, here({"exp": NOW + 10}))
    await tokens.verify(token)

    clock.now += 41

    assert (await refused(tokens, token)).reason == "expired"


async def test_long_token_is_refused_before_it_is_parsed(tokens: Tokens) -> None:
    refusal = await refused(tokens, "ey" * 50_000)

    assert refusal.reason == "too_large"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "a" * 16_384,
        "..",
        "\u00e9\u00e9.x.y",
        "\ud800.x.y",
        raw([], {}),
        raw({"alg": "ES256", "kid": "k"}, []),
        raw({"alg": "ES256", "kid": 7}, {"iss": URL}),
        raw({"alg": "ES256", "kid": "k", "crit": ["x"], "x": 1}, {"iss": URL}),
        raw({"alg": "ES256", "kid": "k", "b64": False, "crit": ["b64"]}, {"iss": URL}),
        "e30." + urlsafe_b64encode(b"[" * 11_000).decode() + ".AA",
        urlsafe_b64encode(b"[" * 11_000).decode() + ".e30.AA",
        "e30." + urlsafe_b64encode(b'{"iss": "\xff"}').decode() + ".AA",
    ],
    ids=range(14),
)
async def test_what_is_no_signed_jwt_is_refused(tokens: Tokens, token: str) -> None:
    assert (await refused(tokens, token)).reason == "malformed"


PART = r"[A-Za-z0-9_-]{1,40}"
NEARLY_TOKENS = st.from_regex(rf"{PART}\.{PART}\.{PART}", fullmatch=True)


def test_no_text_raises_anything_but_a_refusal_without_that_text() -> None:
    # One verifier for all texts: each makes an HTTP client, which is slow.
    tokens = Tokens([])

    @given(text=st.text(max_size=200) | NEARLY_TOKENS)
    @settings(max_examples=200, deadline=None, derandomize=True)
    def attack(text: str) -> None:
        with pytest.raises(TokenRefused) as caught:
            tokens.verify(text).send(None)

        assert len(text) < 8 or text not in str(caught.value)

    attack()


async def test_refusal_never_repeats_the_token(issuer: DevelopmentIssuer, tokens: Tokens) -> None:
    token = dev_token(issuer, here({"sub": {"secret": "hunter2"}, "aud": HERE}))

    refusal = await refused(tokens, token)

    assert "hunter2" not in str(refusal)
    assert not any(part in f"{refusal!r} {refusal.__cause__!r}" for part in token.split("."))


async def test_one_issuer_cannot_sign_for_another(clock: Clock) -> None:
    ours = DevelopmentIssuer(URL, clock=clock, environment={})
    theirs = DevelopmentIssuer("http://127.0.0.1:9001", clock=clock, environment={})
    apps = {9000: issuer_app(ours), 9001: issuer_app(theirs)}
    tokens = Tokens(
        [ours.trusted_for(HERE), theirs.trusted_for(HERE)],
        transport=ByPort(apps),
        clock=clock,
        monotonic=clock,
    )

    good = await tokens.verify(dev_token(theirs, here()))
    refusal = await refused(tokens, dev_token(theirs, here({"iss": URL})))

    assert good.issuer == theirs.url
    assert refusal.reason == "key_unknown"


def test_issuer_configured_twice_is_refused(issuer: DevelopmentIssuer) -> None:
    with pytest.raises(ValueError, match="configured twice"):
        Tokens([issuer.trusted_for(HERE), issuer.trusted_for("other")])


class ByPort(httpx2.AsyncBaseTransport):
    """Several applications, told apart by their port."""

    def __init__(self, apps: Mapping[int, Starlette]) -> None:
        self._apps = {port: httpx2.ASGITransport(app) for port, app in apps.items()}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._apps[request.url.port or 0].handle_async_request(request)
