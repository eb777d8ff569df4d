"""The person who signed in themselves, told from an agent that holds a token of theirs."""

from collections.abc import Iterable
from typing import cast

import httpx2
import msgspec
from jwt.utils import base64url_decode

from dragoman.auth.caller import Caller
from dragoman.auth.claims import Claims
from dragoman.auth.issuers import Issuer
from dragoman.auth.jwt import Tokens
from dragoman.auth.refusal import TokenRefused


async def signed_in(
    token: str,
    issuers: Iterable[Issuer],
    audience: str,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> Caller:
    """The person whose token was made for `audience` and for nothing else.

    No server takes such a token, so no agent is given one. Raises TokenRefused for every other:
    also for one that a server takes besides, that names an agent (`act`), or that belongs to a
    service rather than to a person.
    """
    here = [each.model_copy(update={"audience": (audience,)}) for each in issuers]
    tokens = Tokens(here, transport=transport)
    try:
        caller = await tokens.verify(token)
    except TokenRefused as refused:
        if refused.reason != "audience":
            raise
        raise _for_something_else() from None
    finally:
        await tokens.aclose()
    claims = _claims(token)
    if isinstance(claims["aud"], list) and len(cast("list[object]", claims["aud"])) != 1:
        raise _for_something_else()
    if caller.surface:
        raise TokenRefused(
            "claim",
            "This token was given to an agent, which cannot decide for its person. "
            "Sign in yourself and decide again.",
        )
    if _is_service(claims):
        raise TokenRefused(
            "claim", "This token belongs to a service. A person must sign in and decide."
        )
    return caller


def _for_something_else() -> TokenRefused:
    return TokenRefused(
        "audience",
        "This token is not one for deciding calls, and for nothing else: an agent may hold it. "
        "Leave out --token and DRAGOMAN_TOKEN to sign in yourself.",
    )


def _claims(token: str) -> Claims:
    """The claims of a token whose signature is already verified."""
    return msgspec.json.decode(base64url_decode(token.split(".")[1]), type=dict[str, object])


def _is_service(claims: Claims) -> bool:
    """Whether issuers that name no person say so: RFC 9068 (`sub` is the client), SPIFFE, ours."""
    subject = claims.get("sub")
    if isinstance(subject, str) and subject.startswith("spiffe://"):
        return True
    clients = {claims.get("client_id"), claims.get("azp")} - {None}
    return (
        subject in clients
        or claims.get("idtyp") == "app"
        or claims.get("gty") == "client-credentials"
    )
