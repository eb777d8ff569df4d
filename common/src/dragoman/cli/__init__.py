"""The dragoman command.

Exit codes: 0 done, 1 the answer is no or it could not be done, 2 the command was not understood.
"""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import cast

from cyclopts import App, CycloptsError, Parameter

from dragoman.cli.faults import exit_code, expected, sentence
from dragoman.cli.output import err, plain

HELP = "Govern, serve and call the MCP servers of a data platform."
SERVE = """Serve one server until it is stopped.

Settings come from DRAGOMAN_* variables. Over stdio it serves the person in DRAGOMAN_USER, of the
groups in DRAGOMAN_GROUPS (e.g. a,b), with the scopes in DRAGOMAN_SCOPES (read and write when not
set): for experiments, never in production.
"""
TOOLS = """List the tools that you may call, and their risk.

read changes nothing; own changes only what is yours; write can be undone, and asks a person first;
destroy cannot be undone, and asks a person who signed in themselves.
"""

# Each part is imported only when it is asked for: most need neither a server nor the SDK.
_PARTS = {
    "approvals": ("dragoman.cli.approvals:app", "List and decide the calls that wait for a yes."),
    "audit": ("dragoman.cli.audit:app", "Sum up, follow and verify what was asked and done."),
    "call": ("dragoman.cli.client:call", "Call one tool, asking you first where it is dangerous."),
    "issuer": ("dragoman.cli.issuer:issuer", "Run the development identity provider."),
    "manifest": ("dragoman.cli.manifest:app", "Write or check each server's manifest.json."),
    "policy": ("dragoman.cli.policy:app", "Check, explain and compare a server's policies."),
    "serve": ("dragoman.cli.serve:serve", SERVE),
    "token": ("dragoman.cli.identity:token", "Print a person's token, for development."),
    "tools": ("dragoman.cli.client:tools", TOOLS),
}


def app() -> App:
    """The command with all of its parts."""
    command = App(
        name="dragoman",
        help=HELP,
        version=_version,
        default_parameter=Parameter(negative="", show_default=_default),
    )
    for name, (place, text) in _PARTS.items():
        command.command(place, name=name, help=text)
    return command


def main() -> None:
    sys.exit(run())


def run(words: Sequence[str] | None = None) -> int:
    """Runs the command, of the process when none is given, and gives its exit code.

    An expected fault is one sentence on standard error, without a traceback.
    """
    try:
        done = cast("object", app()(words, exit_on_error=False, result_action="return_value"))
        if not sys.stdout.closed:
            sys.stdout.flush()
    except CycloptsError:
        return 2
    except KeyboardInterrupt:
        return 130
    except SystemExit as ended:
        return 1 if ended.code else 0
    except BrokenPipeError:
        # The reader has gone, and the interpreter's own last flush must not fail on it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except expected() as fault:
        err().print(plain(sentence(fault)), style="red", markup=False)
        return exit_code(fault)
    return done if isinstance(done, int) else 0


def _default(value: object) -> str | None:
    """The default as the help says it; what is empty or off says nothing."""
    return str(value) if value or (isinstance(value, int) and value is not False) else None


def _version() -> str:
    return version("dragoman")
