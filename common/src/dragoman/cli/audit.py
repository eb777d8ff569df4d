"""`dragoman audit`: what was asked, decided and done, and whether the journal is whole."""

import time
from pathlib import Path
from typing import Annotated, cast

import msgspec
from cyclopts import App, Parameter
from rich.table import Table

from dragoman.cli.configured import configured
from dragoman.cli.output import CommandFailed, WrongUse, out, write, write_json
from dragoman.telemetry.read import follow, tail
from dragoman.telemetry.record import Stored
from dragoman.telemetry.summary import summary
from dragoman.telemetry.verify import Report, verify

app = App(name="audit", help="Sum up, follow and verify the audit journals of this machine.")
# The approval store loads the SDK, which the rest can do without.
app.command(
    "dragoman.cli.unfinished:unfinished",
    name="unfinished",
    help="List approved calls that were started and have no recorded end; exit 1 if any.",
)
AsJson = Annotated[
    bool, Parameter(name="--json", negative="", help="Print one JSON object a line.")
]
Journal = Annotated[
    str | None,
    Parameter(help="Server and instance, e.g. spark/local; needed only when there are several."),
]


@app.default
async def summarise(*, as_json: AsJson = False) -> int:
    """Calls by their end and minutes saved, repeated calls counted once."""
    told = {journal: summary(journal) for journal in _journals()}
    if as_json:
        for journal, one in told.items():
            write_json({"journal": _name(journal), "ok": verify(journal).ok, **_builtins(one)})
        return 0
    table = Table(
        "journal", "calls", "by end", "people", "minutes saved", box=None, header_style="bold"
    )
    for journal, one in told.items():
        ends = ", ".join(f"{count} {result}" for result, count in sorted(one.results.items()))
        minutes = one.minutes
        table.add_row(
            _name(journal),
            str(one.calls),
            ends,
            str(one.people),
            f"{minutes.low:g} to {minutes.high:g} (claimed {minutes.mid:g})",
        )
    out().print(table)
    for journal in told:
        if not verify(journal).ok:
            write(
                f"{_name(journal)} is broken, so more may be missing: run `dragoman audit verify`."
            )
    await _mention_unfinished()
    return 0


async def _mention_unfinished() -> None:
    if configured().approvals_file.exists():
        from dragoman.cli.unfinished import found  # noqa: PLC0415  # loads the SDK

        if calls := await found():
            write(f"Approved calls without an end: {len(calls)}. Run `dragoman audit unfinished`.")


@app.command(name="tail")
def tail_(
    journal: Journal = None,
    /,
    *,
    lines: int = 20,
    followed: Annotated[bool, Parameter(name=["--follow", "-f"], negative="")] = False,
    as_json: AsJson = False,
) -> int:
    """Show the newest records.

    Parameters
    ----------
    lines
        How many.
    followed
        Go on showing what is added, until interrupted.
    """
    folder = _one(journal)
    shown = tail(folder, lines)
    for stored in shown:
        _show(stored, as_json=as_json)
    if followed:
        after = shown[-1].seq if shown else 0
        for stored in follow(folder, after, lambda: time.sleep(0.5)):
            _show(stored, as_json=as_json)
    return 0


@app.command(name="verify")
def verify_(
    journal: Annotated[str | None, Parameter(help="One journal; all when not given.")] = None,
    /,
    *,
    as_json: AsJson = False,
) -> int:
    """Check every link of the chain; name the first bad record and exit 1 if there is one."""
    folders = [_one(journal)] if journal else _journals()
    reports = [(_name(folder), verify(folder)) for folder in folders]
    for name, report in reports:
        if as_json:
            write_json({"journal": name, "ok": report.ok, **_builtins(report)})
        else:
            _tell(name, report)
    return int(not all(report.ok for _, report in reports))


def _journals() -> list[Path]:
    folder = configured().state / "audit"
    found = sorted(path for path in folder.glob("*/*") if path.is_dir())
    if not found:
        raise CommandFailed(
            f"No journal under {folder}: set DRAGOMAN_STATE to the server's folder."
        )
    return found


def _one(journal: str | None) -> Path:
    found = {_name(path): path for path in _journals()}
    if journal is None and len(found) == 1:
        return next(iter(found.values()))
    if journal not in found:
        raise WrongUse(f"Name one journal: {', '.join(found)}.")
    return found[journal]


def _name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def _builtins(value: object) -> dict[str, object]:
    return cast("dict[str, object]", msgspec.to_builtins(value))


def _tell(name: str, report: Report) -> None:
    console = out()
    mark = "[green]intact[/]" if report.ok else "[red]broken[/]"
    where = f"in {_count(report.segments, 'segment')}" if report.ok else "before the first fault"
    console.print(f"{mark} {name}: {_count(report.records, 'record')} {where}")
    if report.bad is not None:
        bad = report.bad
        write(f"  {bad.segment} line {bad.line}, record {bad.seq}: {bad.text}")
    for torn in report.torn:
        console.print(f"  {torn.segment}: {torn.size} torn bytes at {torn.offset}", markup=False)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _show(stored: Stored, *, as_json: bool) -> None:
    record = stored.record
    if as_json:
        write_json({"seq": stored.seq, "time": stored.time, "record": _builtins(record)})
        return
    who = record.subject or record.workload or "-"
    end = record.result or record.error
    line = f"{stored.time} {stored.seq:>6} {record.kind:<8} {who:<12} {record.tool} {end}"
    # The name of an unknown tool is its caller's own words, which must not look like a record.
    write(" ".join(line.rstrip().splitlines()))
