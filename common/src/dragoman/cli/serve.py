"""`dragoman serve`: one server, over HTTP or stdio."""

from typing import Annotated

from cyclopts import Parameter

from dragoman.cli.configured import configured
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
    (serve_stdio if stdio else serve_http)(find(name), settings)
    return 0
