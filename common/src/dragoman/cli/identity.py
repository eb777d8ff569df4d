"""`dragoman issuer` and `dragoman token`: identities for development."""

from pathlib import Path

import httpx2
import uvicorn
from cyclopts import App
from rich.console import Console

from dragoman.auth.issuer import DevelopmentIssuer
from dragoman.auth.issuer_app import DEVELOPMENT_GRANT, issuer_app
from dragoman.auth.people import read_people
from dragoman.errors import BadInput

DEFAULT_ISSUER = "http://127.0.0.1:8930"

app = App()


@app.command
def issuer(*, port: int = 8930, people: Path | None = None) -> None:
    """Run the development identity provider; it asks nobody for a password.

    Parameters
    ----------
    port
        Where to listen, on loopback only.
    people
        A TOML or JSON file of people and their groups; alice, bob and carol when not given.
    """
    provider = DevelopmentIssuer(f"http://127.0.0.1:{port}", people=read_people(people))
    Console(stderr=True).print(f"issuer {provider.url}, people: {', '.join(provider.people)}")
    uvicorn.run(issuer_app(provider), host="127.0.0.1", port=port, log_level="warning")


@app.command
def token(
    person: str,
    *,
    url: str = "http://127.0.0.1:8931/mcp",
    scope: str = "",
    issuer_url: str = DEFAULT_ISSUER,
) -> None:
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
    """
    print(development_token(issuer_url, person, url, scope))  # noqa: T201  # the output


def development_token(issuer_url: str, person: str, audience: str, scope: str = "") -> str:
    """A token of the development issuer. Raises BadInput when it refuses or does not answer."""
    asked = {
        "grant_type": DEVELOPMENT_GRANT,
        "person": person,
        "resource": audience,
        "scope": scope,
    }
    try:
        answer = httpx2.post(f"{issuer_url}/token", data=asked)
    except httpx2.TransportError:
        raise BadInput(f"No issuer answers at {issuer_url}: run `dragoman issuer`.") from None
    body = answer.json()
    if "access_token" not in body:
        raise BadInput(f"{body.get('error')}: {body.get('error_description')}")
    return str(body["access_token"])
