"""`dragoman policy`: check, explain and compare the policies of a server."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.table import Table

from dragoman.auth.caller import Caller
from dragoman.auth.policy import Entity
from dragoman.auth.policy_check import Severity, check
from dragoman.auth.policy_diff import diff
from dragoman.auth.policy_explain import explain
from dragoman.cli.output import WrongUse, out, write, write_json
from dragoman.server import Server, find, load_policy

app = App(name="policy", help="Check, explain and compare a server's Cedar policies.")
Name = Annotated[str, Parameter(help="Name of an installed server, e.g. spark.")]
AsJson = Annotated[
    bool, Parameter(name="--json", negative="", help="Print one JSON object a line.")
]


@app.command(name="check")
def check_(server: Name, /, *, file: Path | None = None, as_json: AsJson = False) -> int:
    """Say what is wrong with the policies, with line and reason; exit 1 on an error.

    Parameters
    ----------
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
    console = out()
    for finding in findings:
        if as_json:
            write_json(asdict(finding))
            continue
        style = "red" if finding.severity is Severity.ERROR else "yellow"
        console.print(str(finding), style=style, markup=False)
    if not findings and not as_json:
        console.print(f"the policies of {declared.name} are sound")
    return int(any(finding.severity is Severity.ERROR for finding in findings))


@dataclass(frozen=True)
class Case:
    """Who asks, from where and for what."""

    groups: Annotated[str, Parameter(help="The person's groups, comma separated.")] = ""
    tool: Annotated[str, Parameter(help="One tool, where tools are limited to channels.")] = ""
    channel: Annotated[str, Parameter(help="Where the person asks, e.g. a Slack channel.")] = ""
    surface: Annotated[str, Parameter(help="The agent's surface: `act` of the token.")] = ""
    service: Annotated[str, Parameter(help="A SPIFFE id, for a service alone.")] = ""

    @property
    def caller(self) -> Caller:
        return Caller(
            subject="" if self.service else "somebody",
            groups=frozenset(self.groups.replace(",", " ").split()),
            channel=self.channel,
            surface=self.surface,
            workload=self.service,
        )


@app.command(name="explain")
def explain_(
    server: Name,
    action: str,
    /,
    *,
    case: Annotated[Case, Parameter(name="*")] = Case(),
    as_json: AsJson = False,
) -> int:
    """Say which policies decide a case, and what would turn a no into a yes; exit 1 on a no.

    Parameters
    ----------
    action
        What is asked for, e.g. spark.read or spark.approve.
    """
    declared = find(server)
    if action not in declared.actions:
        raise WrongUse(f"{server} has no action {action}: it has {', '.join(declared.actions)}.")
    if case.tool and case.tool not in declared.tools:
        raise WrongUse(f"{server} has no tool {case.tool}: it has {', '.join(declared.tools)}.")
    entity = Entity("Tool", f"{declared.name}/{case.tool}") if case.tool else None
    told = explain(load_policy(declared), case.caller, action, entity)
    if as_json:
        write_json({**asdict(told.decision), "ways": [asdict(way) for way in told.ways]})
    else:
        write(str(told))
    return int(not told.decision.allowed)


@app.command(name="diff")
def diff_(server: Name, old: Path, new: Path | None = None, /, *, as_json: AsJson = False) -> int:
    """Say who gains and who loses what between two policy files; exit 1 when anybody does.

    Parameters
    ----------
    old
        The policies as they were.
    new
        The policies as they would be; the server's own when not given.
    """
    declared = find(server)
    rows = diff(
        load_policy(declared, _text(declared, old)), load_policy(declared, _text(declared, new))
    )
    if as_json:
        for row in rows:
            write_json(asdict(row))
        return int(bool(rows))
    table = Table(
        "change", "who", "action", "on", "channel", "surface", box=None, header_style="bold"
    )
    for row in rows:
        table.add_row(row.change, row.who, row.action, row.resource, row.channel, row.surface)
    out().print(table if rows else "Nobody gains or loses anything.")
    return int(bool(rows))


def _text(server: Server, file: Path | None) -> str:
    if file is None:
        return server.policy_text()
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise WrongUse(f"{file} cannot be read as text. Name a file of Cedar policies.") from None
