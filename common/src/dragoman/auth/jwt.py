"""Tokens are verified here, again, whatever a proxy did before."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import cast, get_args

import httpx2
import msgspec
from jwt import PyJWS, PyJWTError

from dragoman.auth.caller import Caller
from dragoman.auth.claims import Claims, caller
from dragoman.auth.issuers import Algorithm, Issuer
from dragoman.auth.jwks import Clock, KeySet, Lifetimes
from dragoman.auth.refusal import TokenRefused

LARGEST = 16_384
REMEMBERED_SECONDS = 30

_REMEMBERED = 4096
_TIMEOUT = httpx2.Timeout(2.0, connect=1.0)


@dataclass(frozen=True, slots=True)
class _Verified:
    caller: Caller
    until: float
    keys: KeySet
    version: int


class Tokens:
    """Verifies the tokens of the configured issuers.

    A verified token is remembered for 30 s, never beyond its `exp`, and forgotten at once when
    its issuer's keys change.
    """

    def __init__(
        self,
        issuers: Iterable[Issuer],
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        lifetimes: Lifetimes | None = None,
        clock: Clock = time.time,
        monotonic: Clock = time.monotonic,
    ) -> None:
        # Keys are fetched about once a minute: a kept connection would only go stale.
        limits = httpx2.Limits(max_keepalive_connections=0)
        self._client = httpx2.AsyncClient(transport=transport, timeout=_TIMEOUT, limits=limits)
        self._issuers: dict[str, tuple[Issuer, KeySet]] = {}
        for each in issuers:
            if each.issuer in self._issuers:
                raise ValueError(f"issuer {each.issuer} is configured twice")
            keys = KeySet(each.jwks_uri, self._client, lifetimes=lifetimes, clock=monotonic)
            self._issuers[each.issuer] = (each, keys)
        self._jws = PyJWS(algorithms=get_args(Algorithm))
        self._clock = clock
        self._verified: dict[bytes, _Verified] = {}

    @property
    def issuers(self) -> tuple[str, ...]:
        return tuple(self._issuers)

    @property
    def without_keys(self) -> tuple[str, ...]:
        """The issuers whose tokens cannot be verified now, for readiness."""
        return tuple(name for name, (_, keys) in self._issuers.items() if not keys.usable)

    async def load(self) -> None:
        """Fetches what keys are missing: at a start, and whenever readiness is asked."""
        await asyncio.gather(*(keys.load() for _, keys in self._issuers.values()))

    async def aclose(self) -> None:
        for _, keys in self._issuers.values():
            await keys.aclose()
        await self._client.aclose()

    async def verify(self, token: str) -> Caller:
        """The caller a token proves. Raises TokenRefused."""
        if len(token) > LARGEST:
            raise TokenRefused("too_large", f"The token is longer than {LARGEST} characters.")
        if not token.isascii():
            raise _malformed()
        digest = sha256(token.encode()).digest()
        now = self._clock()
        known = self._verified.get(digest)
        if known and now < known.until and known.version == known.keys.version:
            return known.caller
        verified = await self._verify(token, now)
        self._remember(digest, verified)
        return verified.caller

    async def _verify(self, token: str, now: float) -> _Verified:
        header, claims = self._unverified(token)
        issuer, keys = self._of(claims)
        algorithm, kid = _signed_by(header, issuer)
        key = await keys.key(kid)
        version = keys.version
        if key.algorithm_name != algorithm:
            raise TokenRefused("algorithm", "The token's algorithm is not that of its key.")
        try:
            self._jws.decode(token, key, [algorithm], {"enforce_minimum_key_length": True})
        except PyJWTError as error:
            raise TokenRefused("signature", "The token's signature does not hold.") from error
        found = caller(claims, issuer, now)
        until = min(now + REMEMBERED_SECONDS, found.expires_at)
        return _Verified(found, until, keys, version)

    def _of(self, claims: Claims) -> tuple[Issuer, KeySet]:
        name = claims.get("iss")
        found = self._issuers.get(name) if isinstance(name, str) else None
        if found is None:
            raise TokenRefused(
                "issuer", "The token's iss claim is not an issuer this server trusts."
            )
        return found

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        self._verified.pop(digest, None)
        if len(self._verified) >= _REMEMBERED:
            del self._verified[next(iter(self._verified))]
        self._verified[digest] = verified

    def _unverified(self, token: str) -> tuple[Claims, Claims]:
        """Header and claims, to find the key by; worth nothing before the signature is checked."""
        try:
            parts = self._jws.decode_complete(token, options={"verify_signature": False})
            header: object = parts["header"]
            claims: object = msgspec.json.decode(cast("bytes", parts["payload"]))
        except (PyJWTError, ValueError, RecursionError):
            # No cause is kept: a parser's message may repeat what it could not read.
            raise _malformed() from None
        if not isinstance(header, dict) or not isinstance(claims, dict):
            raise _malformed()
        return cast("Claims", header), cast("Claims", claims)


def _signed_by(header: Claims, issuer: Issuer) -> tuple[str, str]:
    """Algorithm and key id, where the header asks for nothing this issuer may not have."""
    algorithm = next((each for each in issuer.algorithms if each == header.get("alg")), None)
    if algorithm is None:
        raise TokenRefused(
            "algorithm", f"The token must be signed with {' or '.join(issuer.algorithms)}."
        )
    if "crit" in header:
        raise TokenRefused("malformed", "The token's header asks for an unknown extension.")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise TokenRefused("key_unknown", "The token does not say which key signed it.")
    return algorithm, kid


def _malformed() -> TokenRefused:
    return TokenRefused("malformed", "The token is not a signed JWT.")
