"""`dragoman issuer`: the development identity provider as a process."""

from pathlib import Path

import uvicorn

from dragoman.auth.issuer import DevelopmentIssuer
from dragoman.auth.issuer_app import issuer_app
from dragoman.auth.people import read_people
from dragoman.cli.output import CommandFailed, WrongUse, err


def issuer(*, port: int = 8930, people: Path | None = None) -> int:
    """Run the development identity provider; it asks nobody for a password.

    Parameters
    ----------
    port
        Where to listen, on loopback only.
    people
        A TOML or JSON file of people and their groups; alice, bob and carol when not given.
    """
    try:
        known = read_people(people)
    except OSError as wrong:
        raise WrongUse(f"{people} cannot be read: {wrong.strerror}. Name another file.") from None
    provider = DevelopmentIssuer(f"http://127.0.0.1:{port}", people=known)
    err().print(f"issuer {provider.url}, people: {', '.join(provider.people)}", markup=False)
    try:
        uvicorn.run(issuer_app(provider), host="127.0.0.1", port=port, log_level="critical")
    except SystemExit:
        raise CommandFailed(
            f"Port {port} of 127.0.0.1 cannot be used. Name another one with --port."
        ) from None
    return 0
