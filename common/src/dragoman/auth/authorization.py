"""One sign-in at the development issuer: the request, the code it earns, and its exchange."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from ipaddress import ip_address
from re import fullmatch
from secrets import token_urlsafe
from urllib.parse import urlsplit

from dragoman.auth.issuer import DevelopmentIssuer, Grant

CODE_SECONDS = 60

Parameters = Mapping[str, str]


class OAuthError(ValueError):
    """An OAuth error: its `code` as the protocol names it, its text for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class UntrustedRedirect(ValueError):
    """There is no address to send this person back to."""


@dataclass(frozen=True, slots=True)
class Code:
    grant: Grant
    redirect_uri: str
    challenge: str
    nonce: str
    until: float


class Codes:
    """Codes that wait for their exchange: each is good once, for a minute."""

    def __init__(self, issuer: DevelopmentIssuer) -> None:
        self._issuer = issuer
        self._waiting: dict[str, Code] = {}

    def give(self, asked: Parameters, person: str) -> str:
        """A code for a checked request. Raises OAuthError when nobody has this name."""
        if person not in self._issuer.people:
            raise OAuthError("access_denied", "Nobody here has this name.")
        now = self._issuer.clock()
        self._waiting = {key: code for key, code in self._waiting.items() if code.until > now}
        grant = Grant(
            person,
            asked.get("resource") or self._issuer.url,
            scope=asked.get("scope", ""),
            client_id=asked["client_id"],
        )
        value = token_urlsafe(32)
        self._waiting[value] = Code(
            grant,
            asked["redirect_uri"],
            asked["code_challenge"],
            asked.get("nonce", ""),
            now + CODE_SECONDS,
        )
        return value

    def take(self, asked: Parameters) -> Code:
        """The code, used up, if the request proves it was meant for it. Raises OAuthError."""
        code = self._waiting.pop(asked.get("code", ""), None)
        if code is None or code.until <= self._issuer.clock():
            raise OAuthError("invalid_grant", "The code is unknown, used or too old.")
        same = (code.grant.client_id, code.redirect_uri)
        if (asked.get("client_id"), asked.get("redirect_uri")) != same:
            raise OAuthError("invalid_grant", "The code was given to another client or address.")
        if not proves(asked.get("code_verifier", ""), code.challenge):
            raise OAuthError("invalid_grant", "The code_verifier does not fit (PKCE, S256).")
        if asked.get("resource", code.grant.audience) != code.grant.audience:
            raise OAuthError("invalid_target", "The resource is not the one that was authorized.")
        return code


def trusted_redirect(asked: Parameters, issuer: DevelopmentIssuer) -> str:
    """Where to send the person back: loopback, or registered for the client, exactly."""
    uri = asked.get("redirect_uri", "")
    if uri and uri in issuer.clients.get(asked.get("client_id", ""), ()):
        return uri
    if asked.get("client_id") and loopback_uri(uri):
        return uri
    raise UntrustedRedirect(
        "The client_id is missing, or its redirect_uri is neither on this machine "
        "(http://127.0.0.1, http://[::1] or http://localhost) nor registered."
    )


def check(asked: Parameters) -> None:
    """Raises OAuthError for a request that this issuer does not answer with a code."""
    if asked.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "Only response_type=code is given.")
    method, challenge = asked.get("code_challenge_method"), asked.get("code_challenge", "")
    if method != "S256" or not fullmatch(r"[A-Za-z0-9_-]{43}", challenge):
        raise OAuthError("invalid_request", "PKCE is needed: a code_challenge with S256.")
    check_target(asked)


def check_target(asked: Parameters) -> None:
    """Raises OAuthError unless a resource is named, or the request is a sign-in alone."""
    resource = asked.get("resource", "")
    if not resource and "openid" in asked.get("scope", "").split():
        return
    parts = urlsplit(resource)
    if parts.scheme not in {"http", "https"} or not parts.netloc or "#" in resource:
        raise OAuthError("invalid_target", "Name the server's address as resource (RFC 8707).")


def proves(verifier: str, challenge: str) -> bool:
    """PKCE, S256 (RFC 7636, section 4.6)."""
    if not fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier):
        return False
    digest = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=")
    return compare_digest(digest, challenge.encode())


def is_loopback(host: str | None) -> bool:
    try:
        return bool(host) and ip_address(host or "").is_loopback
    except ValueError:
        return False


def loopback_uri(uri: str) -> bool:
    """Whether a redirect to this address stays on the person's own machine."""
    if not fullmatch(r"[!-~]+", uri) or "\\" in uri:
        return False
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    plain = parts.scheme == "http" and not parts.fragment and "@" not in parts.netloc
    return plain and (host == "localhost" or is_loopback(host))
