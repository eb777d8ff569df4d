"""The dragoman command."""

import sys

from cyclopts import App
from rich.console import Console

from dragoman.cli import approvals, audit, client, identity, manifest, policy, serve
from dragoman.errors import DragomanError

HELP = "Govern, serve and call the MCP servers of a data platform."


def app() -> App:
    """The command with all of its parts."""
    command = App(name="dragoman", help=HELP)
    for part in (approvals, audit, manifest, policy):
        command.command(part.app)
    for part in (serve, client, identity):
        for name in part.app:
            if not name.startswith("-"):
                command.command(part.app[name], name=name)
    return command


def main() -> None:
    """Runs the command; an error that says what to do is printed without a traceback."""
    try:
        sys.exit(app()())
    except (DragomanError, ValueError) as wrong:
        Console(stderr=True).print(str(wrong), style="red", markup=False)
        sys.exit(1)
