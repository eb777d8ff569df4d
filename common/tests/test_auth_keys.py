"""Keys of every kind, as an issuer publishes them."""

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.warnings import InsecureKeyLengthWarning

from dragoman.auth.issuer import DevelopmentIssuer
from dragoman.auth.issuers import Issuer
from dragoman.auth.jwks import KeysUnreadable, parsed
from dragoman.auth.jwt import Tokens
from dragoman.auth.refusal import TokenRefused

URL = "http://127.0.0.1:9000"
HERE = "spark"
NOW = 1_800_000_000.0
CLAIMS = {"iss": URL, "sub": "alice", "aud": HERE, "exp": NOW + 60}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def tokens_of(*keys: dict[str, object]) -> Tokens:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json={"keys": keys}))
    trusted = Issuer(issuer=URL, audience=(HERE,), jwks_uri=f"{URL}/jwks.json")
    return Tokens([trusted], transport=transport, clock=lambda: NOW)


@pytest.mark.anyio
async def test_tokens_signed_with_eddsa_and_rsa_are_taken() -> None:
    pairs: dict[str, Ed25519PrivateKey | RSAPrivateKey] = {
        "EdDSA": Ed25519PrivateKey.generate(),
        "RS256": generate_private_key(65537, 2048),
    }
    tokens = tokens_of(*(public_jwk(key, name) for name, key in pairs.items()))

    callers = [
        await tokens.verify(jwt.encode(CLAIMS, key, name, {"kid": name}))
        for name, key in pairs.items()
    ]

    assert [each.subject for each in callers] == ["alice", "alice"]


@pytest.mark.anyio
async def test_short_rsa_key_verifies_nothing() -> None:
    weak = generate_private_key(65537, 1024)
    tokens = tokens_of(public_jwk(weak, "weak"))
    with pytest.warns(InsecureKeyLengthWarning):
        token = jwt.encode(CLAIMS, weak, "RS256", {"kid": "weak"})

    with pytest.raises(TokenRefused) as caught:
        await tokens.verify(token)

    assert caught.value.reason == "signature"


def test_key_set_keeps_public_signature_keys_alone() -> None:
    issuer = DevelopmentIssuer(URL, environment={})
    good = dict(issuer.key.public)
    private = ECAlgorithm.to_jwk(issuer.key.private, as_dict=True)
    bad = [
        private | {"kid": "private"},
        good | {"kid": "encryption", "use": "enc"},
        good | {"kid": "curve", "crv": "P-999"},
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
        {name: value for name, value in good.items() if name != "kid"},
        "text",
        None,
    ]

    keys = parsed(httpx2.Response(200, json={"keys": [*bad, good]}).content)

    assert list(keys) == [issuer.key.kid]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys": {}}', b'{"keys": 1}', b"\xff"])
def test_what_is_no_key_set_is_named_so(body: bytes) -> None:
    with pytest.raises(KeysUnreadable):
        parsed(body)


def public_jwk(key: Ed25519PrivateKey | RSAPrivateKey, kid: str) -> dict[str, object]:
    if isinstance(key, Ed25519PrivateKey):
        members = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        members = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**members, "kid": kid}
