"""`dragoman token`: a person's token from the development issuer."""

from typing import Annotated

import httpx2
from cyclopts import Parameter

from dragoman.auth.issuer_app import DEVELOPMENT_GRANT
from dragoman.cli.configured import configured
from dragoman.cli.output import write
from dragoman.errors import BadInput

DEFAULT_ISSUER = "http://127.0.0.1:8930"
DEFAULT_URL = "http://127.0.0.1:8931/mcp"
Flag = Annotated[bool, Parameter(negative="")]


def token(
    person: str,
    /,
    *,
    url: Annotated[str, Parameter(env_var="DRAGOMAN_URL")] = DEFAULT_URL,
    scope: str = "",
    issuer_url: str = DEFAULT_ISSUER,
    approvals: Flag = False,
) -> int:
    """Print a person's token for one server, from the development issuer.

    Parameters
    ----------
    person
        One of the issuer's people, e.g. alice.
    url
        The server that the token is for: its MCP endpoint.
    scope
        Space separated, e.g. "spark:read spark:write".
    issuer_url
        Where the development issuer listens.
    approvals
        A token for `dragoman approvals` instead: no server takes it. Give it to no agent.
    """
    audience = configured().approvals_address if approvals else url
    write(development_token(issuer_url, person, audience, scope))
    return 0


def development_token(issuer_url: str, person: str, audience: str, scope: str = "") -> str:
    """A token of the development issuer. Raises BadInput when it refuses or does not answer."""
    asked = {
        "grant_type": DEVELOPMENT_GRANT,
        "person": person,
        "resource": audience,
        "scope": scope,
    }
    try:
        answer = httpx2.post(f"{issuer_url.rstrip('/')}/token", data=asked)
    except (httpx2.TransportError, httpx2.InvalidURL):
        raise BadInput(f"No issuer answers at {issuer_url}: run `dragoman issuer`.") from None
    try:
        body = answer.json()
    except ValueError:
        raise BadInput(
            f"{issuer_url} is no development issuer: run `dragoman issuer` or name another."
        ) from None
    if "access_token" not in body:
        raise BadInput(str(body.get("error_description") or body.get("error")))
    return str(body["access_token"])
