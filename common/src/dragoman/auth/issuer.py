"""The development identity provider: who it is, and the tokens it makes.

Nobody needs a password, so it never starts in production.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from typing import Self, cast

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt import PyJWS
from jwt.algorithms import ECAlgorithm
from jwt.utils import base64url_encode

from dragoman.auth.issuers import Issuer
from dragoman.auth.jwks import Clock
from dragoman.auth.people import Person, read_people

LIFETIME = 3600


class NotForProduction(RuntimeError):
    """The development issuer was started where passwords matter."""


@dataclass(frozen=True, slots=True)
class Key:
    """An ES256 key pair; `kid` is the RFC 7638 thumbprint, so equal keys have equal ids."""

    private: EllipticCurvePrivateKey
    kid: str
    public: Mapping[str, str]

    @classmethod
    def make(cls) -> Self:
        return cls._of(generate_private_key(SECP256R1()))

    @classmethod
    def read(cls, file: Path) -> Self:
        """The P-256 key of an unencrypted PEM file. Raises ValueError for another kind."""
        private = load_pem_private_key(file.read_bytes(), password=None)
        if not isinstance(private, EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
            raise ValueError(f"{file} does not hold an EC P-256 key")
        return cls._of(private)

    @classmethod
    def _of(cls, private: EllipticCurvePrivateKey) -> Self:
        members = cast("dict[str, str]", ECAlgorithm.to_jwk(private.public_key(), as_dict=True))
        thumb = {name: members[name] for name in ("crv", "kty", "x", "y")}
        kid = base64url_encode(sha256(msgspec.json.encode(thumb)).digest()).decode()
        return cls(private, kid, thumb | {"kid": kid, "use": "sig", "alg": "ES256"})


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is made for: one person or client at one server."""

    subject: str
    audience: str
    scope: str = ""
    client_id: str = ""
    surface: str = ""
    channel: str = ""


class DevelopmentIssuer:
    """Signs tokens for the people of a file. Raises NotForProduction when DRAGOMAN_ENV says so.

    `url` is its address and its `iss`. Keys live in memory unless one is given.
    """

    def __init__(
        self,
        url: str,
        *,
        people: Mapping[str, Person] | None = None,
        key: Key | None = None,
        clients: Mapping[str, tuple[str, ...]] | None = None,
        clock: Clock = time.time,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        if environment.get("DRAGOMAN_ENV", "").strip().lower() == "production":
            raise NotForProduction("The development issuer asks for no passwords; use a real one.")
        self.url = url.rstrip("/")
        self.people = read_people() if people is None else people
        self.clients = clients or {}
        self.clock = clock
        self._keys = [key or Key.make()]

    @property
    def jwks_uri(self) -> str:
        return f"{self.url}/jwks.json"

    def trusted_for(self, *audience: str) -> Issuer:
        """The settings of a server that takes this issuer's tokens."""
        return Issuer(issuer=self.url, audience=audience, jwks_uri=self.jwks_uri)

    @property
    def key(self) -> Key:
        """The key that signs now."""
        return self._keys[-1]

    def jwks(self) -> dict[str, list[Mapping[str, str]]]:
        return {"keys": [key.public for key in self._keys]}

    def rotate(self) -> None:
        """A new key signs from now on; the earlier ones stay published."""
        self._keys.append(Key.make())

    def withdraw(self) -> None:
        """Only the key that signs now stays published."""
        del self._keys[:-1]

    def access_token(self, grant: Grant) -> str:
        claims: dict[str, object] = {"sub": grant.subject, "aud": grant.audience}
        person = self.people.get(grant.subject)
        if person and person.groups:
            claims["groups"] = list(person.groups)
        optional = {
            "scope": grant.scope,
            "client_id": grant.client_id,
            "channel": grant.channel,
            "act": {"sub": grant.surface} if grant.surface else None,
        }
        return self.sign(claims | {name: value for name, value in optional.items() if value})

    def id_token(self, subject: str, client_id: str, nonce: str) -> str:
        claims: dict[str, object] = {"sub": subject, "aud": client_id, "name": subject}
        return self.sign(claims | ({"nonce": nonce} if nonce else {}))

    def sign(self, claims: Mapping[str, object]) -> str:
        """A token of these claims, over the usual iss, iat, nbf, exp and jti; None removes one."""
        now = int(self.clock())
        usual = {"iss": self.url, "iat": now, "nbf": now, "exp": now + LIFETIME}
        every = usual | {"jti": token_urlsafe(12)} | dict(claims)
        payload = {name: value for name, value in every.items() if value is not None}
        body = msgspec.json.encode(payload)
        return PyJWS().encode(body, self.key.private, "ES256", {"kid": self.key.kid})


def dev_token(issuer: DevelopmentIssuer, claims: Mapping[str, object]) -> str:
    """A token with the given claims over alice's usual ones, for tests; None removes a claim."""
    return issuer.sign({"sub": "alice", "groups": ["data-eng"]} | dict(claims))
