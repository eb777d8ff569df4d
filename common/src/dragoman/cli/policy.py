"""`dragoman policy`: check, explain and compare the policies of a server."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from dragoman.auth.caller import Caller
from dragoman.auth.policy import Entity
from dragoman.auth.policy_check import Severity, check
from dragoman.auth.policy_diff import diff
from dragoman.auth.policy_explain import explain
from dragoman.server import Server, find, load_policy

app = App(name="policy", help="Check, explain and compare a server's Cedar policies.")


@app.command(name="check")
def check_(server: str, *, file: Path | None = None) -> int:
    """Say what is wrong with the policies, with line and reason; exit 1 on an error.

    Parameters
    ----------
    server
        Name of an installed server.
    file
        Check this text instead of the server's own policy.cedar.
    """
    declared = find(server)
    findings = check(
        _text(declared, file),
        server=declared.name,
        actions=declared.actions,
        channels=declared.channels,
        tools={tool.name: tool.channels for tool in declared.tools.values()},
        objects=declared.objects,
    )
    console = Console()
    for finding in findings:
        console.print(str(finding), style="red" if finding.severity is Severity.ERROR else "yellow")
    if not findings:
        console.print(f"the policies of {declared.name} are sound")
    return int(any(finding.severity is Severity.ERROR for finding in findings))


@app.command(name="explain")
def explain_(  # each is one thing that policy looks at
    server: str,
    action: str,
    *,
    groups: Annotated[str, Parameter(help="Comma separated")] = "",
    tool: str = "",
    channel: str = "",
    surface: str = "",
    service: Annotated[str, Parameter(help="A SPIFFE id, for a service alone")] = "",
) -> int:
    """Say which policies decide a case, and what would turn a no into a yes."""
    declared = find(server)
    caller = Caller(
        subject="" if service else "somebody",
        groups=frozenset(group for group in groups.split(",") if group),
        channel=channel,
        surface=surface,
        workload=service,
    )
    entity = Entity("Tool", f"{declared.name}/{tool}") if tool else None
    told = explain(load_policy(declared), caller, action, entity)
    Console().print(str(told), markup=False)
    return int(not told.decision.allowed)


@app.command(name="diff")
def diff_(server: str, old: Path, new: Path | None = None) -> int:
    """Say who gains and who loses what between two policy files; exit 1 when anybody does.

    Parameters
    ----------
    server
        Name of an installed server.
    old
        The policies as they were.
    new
        The policies as they would be; the server's own when not given.
    """
    declared = find(server)
    rows = diff(
        load_policy(declared, old.read_text(encoding="utf-8")),
        load_policy(declared, _text(declared, new)),
    )
    table = Table("change", "who", "action", "on", "channel", box=None, header_style="bold")
    for row in rows:
        table.add_row(row.change, row.who, row.action, row.resource, row.channel)
    Console().print(table if rows else "Nobody gains or loses anything.")
    return int(bool(rows))


def _text(server: Server, file: Path | None) -> str:
    return file.read_text(encoding="utf-8") if file else server.policy_text()
