"""`dragoman manifest`: each server's contract, written or checked."""

from typing import Annotated

from cyclopts import App, Parameter

from dragoman.cli.output import out, write_json
from dragoman.manifest import render, stale
from dragoman.server import find, installed

app = App(name="manifest", help="Write each server's manifest.json, or check that it is current.")


@app.default
def manifest(
    *names: str,
    check: Annotated[bool, Parameter(negative="")] = False,  # a flag
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Write the manifests of the named servers, or of all that are installed.

    Parameters
    ----------
    names
        Servers; all when none is named.
    check
        Write nothing; exit 1 when a manifest is stale.
    as_json
        Print one JSON object a server: its name and whether its manifest was stale.
    """
    console = out()
    servers = [find(name) for name in names or installed()]
    late = {server.name for server in servers if stale(server)}
    for server in servers:
        is_late = server.name in late
        if is_late and not check:
            (server.folder / "manifest.json").write_text(render(server), encoding="utf-8")
        if as_json:
            write_json({"server": server.name, "stale": is_late, "written": is_late and not check})
        elif is_late and check:
            console.print(f"[red]stale[/]: {server.name}: run `dragoman manifest {server.name}`")
        elif is_late:
            console.print(f"wrote manifest of {server.name}")
    if not late and not as_json:
        console.print("all manifests are current")
    return int(bool(late) and check)
