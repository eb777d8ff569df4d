"""A person signs in with their browser: OIDC authorization code with PKCE, back over loopback."""

import asyncio
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import httpx2
import msgspec
from jwt.utils import base64url_decode

from dragoman.auth.authorization import is_loopback
from dragoman.auth.browser_return import BrowserReturn, Parameters
from dragoman.auth.claims import LEEWAY
from dragoman.auth.issuers import Issuer
from dragoman.auth.jwt import Tokens
from dragoman.auth.refusal import TokenRefused
from dragoman.errors import DragomanError

S = TypeVar("S", bound=msgspec.Struct)


class SignInFailed(DragomanError):
    """Nobody signed in; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the sign-in is for. `seconds` is how long the person has, from the printed address."""

    issuer: Issuer
    resource: str
    client_id: str = "dragoman"
    seconds: float = 180.0


class _Metadata(msgspec.Struct):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    code_challenge_methods_supported: list[str] = []
    authorization_response_iss_parameter_supported: bool = False


class _Granted(msgspec.Struct):
    access_token: str = ""
    id_token: str = ""
    error: str = ""
    error_description: str = ""


class _Proof(msgspec.Struct):
    """Claims of an id token; issuers add `auth_time` when they are asked for a fresh sign-in."""

    nonce: str = ""
    auth_time: float | None = None


@dataclass(frozen=True, slots=True)
class _Once:
    """The secrets of one sign-in, and when it began."""

    state: str = field(default_factory=lambda: token_urlsafe(32))
    nonce: str = field(default_factory=lambda: token_urlsafe(32))
    verifier: str = field(default_factory=lambda: token_urlsafe(48))

    began: float = field(default_factory=time.time)

    @property
    def challenge(self) -> str:
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


async def sign_in(
    wanted: Wanted,
    show: Callable[[str], None],
    transport: httpx2.AsyncBaseTransport | None = None,
) -> str:
    """The person's access token for `resource`, which is kept nowhere.

    `show` is given the address that the person must open. The issuer is asked to have them
    prove who they are anew, so that a browser that is signed in already gives no yes by itself.
    Raises SignInFailed.
    """
    once = _Once()
    async with (
        httpx2.AsyncClient(transport=transport, timeout=10) as client,
        BrowserReturn(
            lambda said: compare_digest(said.get("state", "").encode(), once.state.encode())
        ) as back,
    ):
        found = await _discover(client, wanted.issuer)
        show(_address(found, wanted, once, back.uri))
        try:
            async with asyncio.timeout(wanted.seconds):
                said = await back.parameters()
        except TimeoutError:
            raise SignInFailed(
                f"Nobody signed in within {wanted.seconds:g} s. Run the command again and open "
                "the address that it prints."
            ) from None
        granted = await _exchange(client, found, wanted, once, back.uri, _code(said, found))
    await _check_person(granted, wanted, once, transport)
    return granted.access_token


async def _discover(client: httpx2.AsyncClient, issuer: Issuer) -> _Metadata:
    name = issuer.issuer
    url = f"{name.rstrip('/')}/.well-known/openid-configuration"
    found = await _fetched(client, client.build_request("GET", url), name, _Metadata)
    if found.issuer != name:
        raise SignInFailed(
            f"{url} speaks for another issuer than {name}, so nothing was sent there. "
            "Correct the issuer in DRAGOMAN_ISSUERS."
        )
    if "S256" not in found.code_challenge_methods_supported:
        raise SignInFailed(f"{name} offers no PKCE with S256, without which a code can be stolen.")
    for endpoint in (found.authorization_endpoint, found.token_endpoint):
        parts = urlsplit(endpoint)
        near = parts.hostname == "localhost" or is_loopback(parts.hostname)
        if parts.scheme != "https" and not (parts.scheme == "http" and near):
            raise SignInFailed(f"{name} has an endpoint that is not https, so nothing was sent.")
    return found


def _address(found: _Metadata, wanted: Wanted, once: _Once, back: str) -> str:
    asked = {
        "response_type": "code",
        "client_id": wanted.client_id,
        "redirect_uri": back,
        "scope": "openid",
        "resource": wanted.resource,
        "state": once.state,
        "nonce": once.nonce,
        "code_challenge": once.challenge,
        "code_challenge_method": "S256",
        # A browser that is signed in already must not say yes for its person.
        "prompt": "login",
        "max_age": "0",
    }
    joint = "&" if urlsplit(found.authorization_endpoint).query else "?"
    return f"{found.authorization_endpoint}{joint}{urlencode(asked)}"


def _code(said: Parameters, found: _Metadata) -> str:
    """The code that came back. Raises SignInFailed (RFC 9207 for whose it is)."""
    named = said.get("iss")
    if named != found.issuer and (
        named is not None or found.authorization_response_iss_parameter_supported
    ):
        raise SignInFailed(
            f"The answer did not come from {found.issuer}, so it was thrown away. "
            "Run the command again, and open only the address that it prints."
        )
    if said.get("error") == "access_denied":
        raise SignInFailed("The sign-in was denied, so nothing was decided. Run it again to retry.")
    if "error" in said or not said.get("code"):
        raise SignInFailed(_told(found.issuer, said.get("error", "no code")))
    return said["code"]


async def _exchange(
    client: httpx2.AsyncClient,
    found: _Metadata,
    wanted: Wanted,
    once: _Once,
    back: str,
    code: str,
) -> _Granted:
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "client_id": wanted.client_id,
        "code_verifier": once.verifier,
        "resource": wanted.resource,
    }
    request = client.build_request("POST", found.token_endpoint, data=asked)
    granted = await _fetched(client, request, found.issuer, _Granted)
    if granted.error or not granted.access_token:
        raise SignInFailed(_told(found.issuer, granted.error or "no access token"))
    return granted


async def _check_person(
    granted: _Granted,
    wanted: Wanted,
    once: _Once,
    transport: httpx2.AsyncBaseTransport | None,
) -> None:
    """Raises SignInFailed unless the id token is of this very sign-in."""
    issuer = wanted.issuer.model_copy(update={"audience": (wanted.client_id,)})
    tokens = Tokens([issuer], transport=transport)
    try:
        await tokens.verify(granted.id_token)
    except TokenRefused as refused:
        raise SignInFailed(
            f"{issuer.issuer} did not prove who signed in, so nothing was decided: {refused}"
        ) from None
    finally:
        await tokens.aclose()
    claims = msgspec.json.decode(base64url_decode(granted.id_token.split(".")[1]), type=_Proof)
    if claims.nonce != once.nonce:
        raise SignInFailed(
            "The answer belongs to another sign-in, so it was thrown away. Run the command again."
        )
    if claims.auth_time is not None and claims.auth_time < once.began - LEEWAY:
        raise SignInFailed(
            f"{issuer.issuer} did not ask who is there, but trusted an earlier sign-in, which an "
            "agent could use. Sign out there, then run the command again."
        )


async def _fetched(
    client: httpx2.AsyncClient, request: httpx2.Request, issuer: str, kind: type[S]
) -> S:
    """The JSON answer, also where its status says that something is wrong."""
    try:
        answer = await client.send(request)
    except httpx2.TransportError:
        raise SignInFailed(
            f"{issuer} does not answer. Check that it runs (`dragoman issuer` in development) "
            "and that DRAGOMAN_ISSUERS names it."
        ) from None
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise SignInFailed(
            f"{request.url} answered {answer.status_code} and no OpenID document. "
            "Check that DRAGOMAN_ISSUERS names an OpenID provider."
        ) from None


def _told(issuer: str, error: str) -> str:
    word = error if error.isascii() and error.replace("_", "").isalnum() else "an unknown error"
    return (
        f"{issuer} gave no token ({word}). Ask its administrators to let the client "
        "sign people in for this purpose, or name another client with --client-id."
    )
