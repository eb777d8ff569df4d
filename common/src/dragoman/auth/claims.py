"""Who a verified token speaks for: its claims, read as its issuer's settings say."""

import math
from collections.abc import Mapping
from typing import cast

from dragoman.auth.caller import Caller
from dragoman.auth.issuers import Issuer
from dragoman.auth.refusal import TokenRefused

LEEWAY = 30

Claims = Mapping[str, object]


def caller(claims: Claims, issuer: Issuer, now: float) -> Caller:
    """The person behind claims that this issuer is already proven to have signed.

    Raises TokenRefused; its text names the claim at fault, never its value.
    """
    _refuse_other_audience(claims, issuer)
    expires = _refuse_other_time(claims, now)
    return Caller(
        subject=_subject(claims, issuer.subject_claim),
        groups=frozenset(_texts(claims, issuer.groups_claim)),
        surface=_surface(claims),
        channel=_text(claims, issuer.channel_claim),
        issuer=issuer.issuer,
        scopes=_scopes(claims),
        expires_at=expires,
    )


def _refuse_other_audience(claims: Claims, issuer: Issuer) -> None:
    audiences = _texts(claims, "aud")
    if not audiences:
        raise TokenRefused(
            "audience",
            "The token has no aud claim. Ask for one with this server as its resource.",
        )
    if not any(issuer.meant_here(each) for each in audiences):
        raise TokenRefused(
            "audience",
            "The token is meant for another server. Ask for one with this server as its resource.",
        )


def _refuse_other_time(claims: Claims, now: float) -> int:
    expires = _time(claims, "exp")
    if expires is None:
        raise TokenRefused("claim", "The token has no exp claim, so it would never expire.")
    if now >= expires + LEEWAY:
        raise TokenRefused("expired", "The token has expired. Get a new one and try again.")
    for name in ("nbf", "iat"):
        start = _time(claims, name)
        if start is not None and now < start - LEEWAY:
            raise TokenRefused(
                "not_yet_valid",
                f"The token is not valid yet by its {name} claim. Check the clocks, or wait.",
            )
    return int(expires)


def _time(claims: Claims, name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_time(value):
        raise _unusable(name, "a time in seconds")
    return value


def _is_time(value: float) -> bool:
    return 0 <= value < 2**53 and math.isfinite(value)


def _subject(claims: Claims, name: str) -> str:
    value = claims.get(name)
    if value is None:
        raise TokenRefused(
            "claim",
            f"The token has no {name} claim, which names the person here. "
            "Have the issuer add it, or correct subject_claim in the server's settings.",
        )
    # A fraction has many texts for one number, so it cannot name one person.
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    subject = value.strip() if isinstance(value, str) else ""
    if not subject or not subject.isprintable():
        raise _unusable(name, "a name or a whole number")
    return subject.casefold()


def _surface(claims: Claims) -> str:
    # A token with a broken `act` must not pass for one of a person signed in themselves.
    if "act" not in claims:
        return ""
    act = claims["act"]
    actor = cast("Claims", act).get("sub") if isinstance(act, dict) else None
    if not isinstance(actor, str) or not actor.strip() or not actor.isprintable():
        raise _unusable("act", "an object with the acting surface as sub")
    return actor.strip()


def _scopes(claims: Claims) -> frozenset[str]:
    given = _texts(claims, "scope") + _texts(claims, "scp")
    return frozenset(scope for each in given for scope in each.split())


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or not value.isprintable():
        raise _unusable(name, "a text")
    return value.strip()


def _texts(claims: Claims, name: str) -> list[str]:
    value = claims.get(name)
    if value is None:
        return []
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    texts = [each for each in values if isinstance(each, str) and each and each.isprintable()]
    if len(texts) != len(values):
        raise _unusable(name, "a text or a list of texts")
    return texts


def _unusable(name: str, wanted: str) -> TokenRefused:
    return TokenRefused("claim", f"The token's {name} claim is not {wanted}.")
