"""`dragoman serve`: one server, over HTTP or stdio."""

from typing import Annotated

from cyclopts import Parameter
from pydantic import ValidationError
from pydantic_settings import SettingsError

from dragoman.cli.configured import configured, faulty
from dragoman.cli.output import CommandFailed, err, plain
from dragoman.server import find
from dragoman.serving import serve as serve_http
from dragoman.serving import serve_stdio


def serve(
    name: str,
    /,
    *,
    stdio: Annotated[bool, Parameter(negative="")] = False,  # a flag
    port: int | None = None,
) -> int:
    """Serve one server until it is stopped; settings come from DRAGOMAN_* variables.

    Parameters
    ----------
    name
        Name of an installed server, e.g. spark.
    stdio
        Speak over standard input and output; never in production.
    port
        Listen here instead of DRAGOMAN_PORT.
    """
    settings = configured()
    if port is not None:
        settings = settings.model_copy(update={"port": port})
    server = find(name)
    try:
        if stdio:
            serve_stdio(server, settings)
        else:
            serve_http(server, settings, _tell)
    except (SettingsError, ValidationError) as wrong:
        raise CommandFailed(faulty(wrong, f"DRAGOMAN_{name.upper()}_")) from None
    return 0


def _tell(text: str) -> None:
    err().print(plain(text), markup=False)
