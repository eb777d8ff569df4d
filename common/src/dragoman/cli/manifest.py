from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from dragoman.manifest import render, stale
from dragoman.server import find, installed

app = App(name="manifest", help="Write each server's manifest.json, or check that it is current.")


@app.default
def write(
    *names: str,
    check: Annotated[bool, Parameter(negative="")] = False,  # a flag
) -> int:
    """Write the manifests of the named servers, or of all that are installed.

    Parameters
    ----------
    names
        Servers; all when none is named.
    check
        Write nothing; exit 1 when a manifest is stale.
    """
    console = Console()
    late = [server for server in map(find, names or installed()) if stale(server)]
    for server in late:
        if check:
            console.print(f"[red]stale[/]: {server.name}: run `dragoman manifest {server.name}`")
        else:
            (server.folder / "manifest.json").write_text(render(server), encoding="utf-8")
            console.print(f"wrote manifest of {server.name}")
    if not late:
        console.print("all manifests are current")
    return int(bool(late) and check)
