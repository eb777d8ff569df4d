"""`dragoman serve`: one server, over HTTP or stdio."""

from typing import Annotated

from cyclopts import App, Parameter

from dragoman.server import find
from dragoman.serving import serve as serve_http
from dragoman.serving import serve_stdio
from dragoman.settings import Settings

app = App()


@app.command
def serve(
    name: str,
    *,
    stdio: Annotated[bool, Parameter(negative="")] = False,  # a flag
    port: int | None = None,
) -> None:
    """Serve one server until it is stopped; settings come from DRAGOMAN_* variables.

    Parameters
    ----------
    name
        Name of an installed server, e.g. spark.
    stdio
        Speak over standard input and output, as the person in DRAGOMAN_USER; never in production.
    port
        Listen here instead of DRAGOMAN_PORT.
    """
    settings = Settings()
    if port is not None:
        settings = settings.model_copy(update={"port": port})
    (serve_stdio if stdio else serve_http)(find(name), settings)
