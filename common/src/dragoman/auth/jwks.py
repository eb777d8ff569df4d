"""An issuer's public keys, kept fresh while it answers and kept usable while it does not."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import httpx2
import jwt
import msgspec
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from dragoman.auth.refusal import TokenRefused

Clock = Callable[[], float]
Keys = Mapping[str, jwt.PyJWK]

_log = logging.getLogger(__name__)
_BODY_LIMIT = 1_048_576


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long keys are used, in seconds since they were last fetched.

    While the endpoint answers, a withdrawn key stops within `fresh + grace + pause` and a new
    key is taken within `pause`. Any number of made-up key ids causes one fetch per `pause`.
    While it does not answer, known keys go on for `longest`, and no call waits for it longer
    than `patience`. One fetch is up to `tries` requests and ends within `deadline`.
    """

    fresh: float = 60.0
    grace: float = 60.0
    longest: float = 3600.0
    pause: float = 5.0
    patience: float = 1.0
    deadline: float = 5.0
    tries: int = 3
    retry_wait: float = 0.1


class KeySet:
    """The keys at one address; `version` grows whenever they change."""

    def __init__(
        self,
        uri: str,
        client: httpx2.AsyncClient,
        *,
        lifetimes: Lifetimes | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.version = 0
        self._uri = uri
        self._client = client
        self._for = lifetimes or Lifetimes()
        self._clock = clock
        self._keys: Keys = {}
        self._shape = b""
        self._fetched = float("-inf")
        self._tried = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    @property
    def usable(self) -> bool:
        """Whether any tokens can be verified now."""
        return self._age() <= self._for.longest

    async def key(self, kid: str) -> jwt.PyJWK:
        """The key of this id.

        Raises TokenRefused: `key_unknown`, or `keys_unavailable` when the endpoint has not
        answered for too long.
        """
        known = self._known(kid)
        age = self._age()
        if known and age <= self._for.fresh:
            return known
        fetching = self._fetch_soon()
        if known and (age <= self._for.fresh + self._for.grace or fetching is None):
            return known
        if fetching:
            await asyncio.wait({fetching}, timeout=self._for.patience if known else None)
        return self._required(kid)

    async def load(self) -> None:
        """Fetches the keys unless they are fresh; a failure is only logged."""
        fetching = None if self._age() <= self._for.fresh else self._fetch_soon()
        if fetching:
            await asyncio.wait({fetching})

    async def aclose(self) -> None:
        if self._fetching:
            self._fetching.cancel()
            await asyncio.wait({self._fetching})

    def _age(self) -> float:
        return self._clock() - self._fetched

    def _known(self, kid: str) -> jwt.PyJWK | None:
        return self._keys.get(kid) if self.usable else None

    def _required(self, kid: str) -> jwt.PyJWK:
        if not self.usable:
            raise TokenRefused(
                "keys_unavailable",
                "The issuer's keys cannot be fetched, so no token can be verified. Try again soon.",
            )
        if key := self._known(kid):
            return key
        raise TokenRefused(
            "key_unknown",
            "The token is signed with a key its issuer does not publish. If the key is new, "
            f"try again in {self._for.pause:g} seconds; otherwise get a new token.",
        )

    def _fetch_soon(self) -> asyncio.Task[None] | None:
        """The fetch under way, or a new one, or none when the last try was just now."""
        if self._fetching and not self._fetching.done():
            return self._fetching
        if self._clock() - self._tried < self._for.pause:
            return None
        self._tried = self._clock()
        self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    async def _fetch(self) -> None:
        asked = self._clock()
        try:
            async with asyncio.timeout(self._for.deadline):
                body = await self._body()
            keys = parsed(body)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, KeysUnreadable) as error:
            _log.warning("keys of %s not fetched: %s", self._uri, type(error).__name__)
            return
        self._fetched = asked
        shape = msgspec.json.encode({kid: _shape(key) for kid, key in keys.items()}, order="sorted")
        if shape != self._shape:
            self._keys, self._shape = keys, shape
            self.version += 1

    async def _body(self) -> bytes:
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._for.tries),
            wait=wait_exponential(multiplier=self._for.retry_wait, max=1.0),
            retry=retry_if_exception_type(httpx2.HTTPError),
            reraise=True,
        )
        return await retrying(self._request)

    async def _request(self) -> bytes:
        body = bytearray()
        async with self._client.stream("GET", self._uri) as response:
            response.raise_for_status()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _BODY_LIMIT:
                    raise KeysUnreadable("larger than any key set")
        return bytes(body)


class KeysUnreadable(ValueError):
    """The endpoint answered with something that is not a key set."""


def parsed(body: bytes) -> Keys:
    """The public signature keys of a JWK set, by id; others are passed over.

    Raises KeysUnreadable when it is no JWK set. An empty set is one: all keys are withdrawn.
    """
    try:
        document: object = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise KeysUnreadable("not JSON") from error
    entries: object = cast("dict[str, object]", document).get("keys") if _is_object(document) else 0
    if not isinstance(entries, list):
        raise KeysUnreadable("no list of keys")
    found: dict[str, jwt.PyJWK] = {}
    for entry in cast("list[object]", entries):
        if key := _key(entry):
            found.setdefault(str(key.key_id), key)
    return found


def _key(entry: object) -> jwt.PyJWK | None:
    if not _is_object(entry):
        return None
    members = cast("dict[str, object]", entry)
    public = members.get("kty") in {"EC", "RSA", "OKP"} and "d" not in members
    if not public or members.get("use", "sig") != "sig" or not isinstance(members.get("kid"), str):
        return None
    try:
        return jwt.PyJWK(members)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _shape(key: jwt.PyJWK) -> object:
    return key.algorithm_name, key.Algorithm.to_jwk(key.key, as_dict=True)
