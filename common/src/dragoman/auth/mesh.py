"""The calling service, as a trusted proxy names it in `x-forwarded-client-cert` (XFCC)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from dragoman.auth.refusal import TokenRefused

Headers = Iterable[tuple[bytes, bytes]]

_XFCC = b"x-forwarded-client-cert"
_LONGEST_ID = 2048

# A doubled backslash before a quote reads two ways, so no quoted value may hold one. Every
# repetition is possessive: a closing quote is found once and never looked for again.
_PAIR = re.compile(
    r"""\s*+(?P<key>[A-Za-z]++)=(?:"(?P<quoted>(?:[^"\\]|\\"|\\(?!["\\]))*+)"|(?P<bare>[^",;]*+))"""
    r"""\s*+(?P<end>[,;]|\Z)"""
)
_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._-]+)+\Z")


@dataclass(frozen=True, slots=True)
class Mesh:
    """Which peers may say who is behind them, and whose names count."""

    trusted_peers: tuple[IPv4Network | IPv6Network, ...] = ()
    trust_domain: str = ""

    def trusts(self, peer_address: str) -> bool:
        try:
            address = ip_address(peer_address)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self.trusted_peers)


def workload(peer_address: str, headers: Headers, trust: Mesh) -> str:
    """The SPIFFE id of the service behind the connection, empty when there is none.

    Header names are lower case, as ASGI has them. From an untrusted peer the header is worth
    nothing. Of several elements the last is the one our own peer appended.
    Raises TokenRefused when a trusted peer's header is malformed or of another trust domain.
    """
    lines = [value for name, value in headers if name == _XFCC]
    if not lines or not trust.trusts(peer_address):
        return ""
    uris = _last_element(b",".join(lines).decode("latin-1")).get("uri", [])
    if len(uris) > 1:
        raise TokenRefused("mesh", "The client certificate names several identities.")
    return _spiffe_id(uris[0], trust.trust_domain) if uris and uris[0] else ""


def _last_element(text: str) -> dict[str, list[str]]:
    """The last element's values by lower-case key."""
    element: dict[str, list[str]] = {}
    at, end = 0, ";"
    while end:
        if not (pair := _PAIR.match(text, at)):
            raise TokenRefused("mesh", "The header x-forwarded-client-cert is malformed.")
        if end == ",":
            element = {}
        quoted, bare = pair["quoted"], pair["bare"]
        value = bare.strip() if quoted is None else quoted.replace('\\"', '"')
        element.setdefault(pair["key"].lower(), []).append(value)
        at, end = pair.end(), pair["end"]
    return element


def _spiffe_id(uri: str, trust_domain: str) -> str:
    prefix = f"spiffe://{trust_domain}"
    inside = bool(trust_domain) and uri.startswith(f"{prefix}/") and len(uri) <= _LONGEST_ID
    if not inside or not _PATH.match(uri.removeprefix(prefix)):
        raise TokenRefused("mesh", "The client certificate is not of this trust domain.")
    return uri
