"""What a client is told when it needs another token: RFC 6750 challenge, RFC 9728 metadata."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dragoman.auth.refusal import Reason, TokenRefused

WELL_KNOWN = "/.well-known/"

_METADATA = "oauth-protected-resource"
_UNQUOTABLE = re.compile(r"[^ !#-\[\]-~]")
_ANYWHERE = {"Access-Control-Allow-Origin": "*"}
_NEXT: dict[Reason, str] = {
    "missing": "Send one Authorization header: Bearer and an access token for this server.",
    "several": "Send exactly one Authorization header.",
    "mesh": "Have the platform team check the proxy's client certificate settings.",
    "keys_unavailable": "Try again soon; the token need not be replaced.",
}
_NEW_TOKEN = "Get a new access token from an authorization server named in the metadata."  # noqa: S105  # a sentence


@dataclass(frozen=True, slots=True)
class Resource:
    """One server, as OAuth knows it; `address` is its MCP endpoint, such as https://x/mcp."""

    server: str
    address: str
    authorization_servers: tuple[str, ...]

    @property
    def metadata_path(self) -> str:
        """RFC 9728, section 3.1: the endpoint's path comes after the well-known name."""
        return f"{WELL_KNOWN}{_METADATA}{self._split[1]}"

    @property
    def metadata_url(self) -> str:
        return f"{self._split[0]}{self.metadata_path}"

    @property
    def scopes(self) -> tuple[str, str]:
        return f"{self.server}:read", f"{self.server}:write"

    def metadata(self) -> dict[str, object]:
        return {
            "resource": self.address,
            "resource_name": self.server,
            "authorization_servers": list(self.authorization_servers),
            "scopes_supported": list(self.scopes),
            "bearer_methods_supported": ["header"],
        }

    @property
    def _split(self) -> tuple[str, str]:
        scheme, _, rest = self.address.partition("://")
        host, slash, path = rest.partition("/")
        return f"{scheme}://{host}", f"{slash}{path}".rstrip("/")


def well_known(resource: Resource) -> list[Route]:
    """The metadata, and a JSON answer for every well-known document that is not there."""

    async def metadata(_: Request) -> Response:
        return JSONResponse(resource.metadata(), headers=_ANYWHERE)

    async def missing(_: Request) -> Response:
        text = f"No such document here. This server's metadata is at {resource.metadata_url}."
        body = {"error": "not_found", "error_description": text}
        return JSONResponse(body, status_code=404, headers=_ANYWHERE)

    every = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return [
        Route(resource.metadata_path, metadata),
        Route(f"{WELL_KNOWN}{{rest:path}}", missing, methods=every),
    ]


def unauthorized(refusal: TokenRefused, resource: Resource) -> Response:
    """The answer to a caller who could not be told: 401, 400 for two tokens, 503 without keys."""
    code, error = _STATUS.get(refusal.reason, (401, "invalid_token"))
    body = {
        "error": error,
        "error_description": str(refusal),
        "what_to_do": _NEXT.get(refusal.reason, _NEW_TOKEN),
        "resource_metadata": resource.metadata_url,
    }
    if code == 503:
        return JSONResponse(body, status_code=code, headers={"Retry-After": "5"})
    header = challenge(error, str(refusal), resource.scopes[:1], resource.metadata_url)
    return JSONResponse(body, status_code=code, headers={"WWW-Authenticate": header})


def insufficient_scope(scopes: Sequence[str], metadata_url: str) -> Response:
    """403 that names every scope this operation needs, so that a client can step up once."""
    text = f"This call needs a token with the scope {' '.join(scopes)}."
    header = challenge("insufficient_scope", text, scopes, metadata_url)
    body = {
        "error": "insufficient_scope",
        "error_description": text,
        "scope": " ".join(scopes),
        "what_to_do": "Get an access token with these scopes and repeat the call.",
        "resource_metadata": metadata_url,
    }
    return JSONResponse(body, status_code=403, headers={"WWW-Authenticate": header})


def challenge(error: str, description: str, scopes: Sequence[str], metadata_url: str) -> str:
    """A WWW-Authenticate value; what a quoted string cannot hold becomes a space."""
    parts = {
        "error": error,
        "error_description": description,
        "scope": " ".join(scopes),
        "resource_metadata": metadata_url,
    }
    said = (f'{name}="{_UNQUOTABLE.sub(" ", value)}"' for name, value in parts.items())
    return f"Bearer {', '.join(said)}"


_STATUS: dict[Reason, tuple[int, str]] = {
    "several": (400, "invalid_request"),
    "keys_unavailable": (503, "temporarily_unavailable"),
}
