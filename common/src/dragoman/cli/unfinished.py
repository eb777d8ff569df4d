"""`dragoman audit unfinished`: approved calls whose end nobody wrote down."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from dragoman.cli.configured import configured
from dragoman.cli.output import LINE, out, write, write_json
from dragoman.elicitation.decision import Record
from dragoman.elicitation.door import describe
from dragoman.elicitation.store import LocalApprovals


async def unfinished(
    *, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False
) -> int:
    """List approved calls that were started and have no recorded end; exit 1 if there are any.

    Some may still run. After a crash these are the calls to check by hand, oldest first.

    Parameters
    ----------
    as_json
        Print one JSON object a call, its audit intent included.
    """
    calls = await found()
    for record, intent in calls:
        if as_json:
            proposal = record.proposal
            write_json(
                {
                    "proposal": proposal.id,
                    "call": f"{proposal.server}.{proposal.tool}",
                    "person": proposal.person.subject,
                    "status": record.status(),
                    "intent": intent.decode(errors="replace"),
                }
            )
        else:
            write(describe(record))
            write(LINE)
    if not calls and not as_json:
        out().print("Every approved call that was started has a recorded end.")
    return int(bool(calls))


async def found() -> Sequence[tuple[Record, bytes]]:
    """The calls, oldest first, each with the audit intent that was durable before it ran."""
    store = configured().approvals_file
    # Asking the store would make the file where there is none.
    if not store.exists():
        return ()
    return await LocalApprovals(store, lambda _who, _what: False).unfinished()
