"""The doors outside the call: what the agent tells its person, and what that person decides."""

from collections.abc import Sequence
from typing import assert_never

from dragoman.auth.caller import Caller
from dragoman.elicitation.approvals import Approvals
from dragoman.elicitation.ask import CannotAsk, DeclinedByClient, Rejected
from dragoman.elicitation.decision import Door, Record, State, Verdict
from dragoman.elicitation.form import Unreadable, by_numbers, hidden, numbered
from dragoman.elicitation.moment import moment
from dragoman.elicitation.proposal import Proposal
from dragoman.elicitation.question import visible
from dragoman.errors import BadInput


def door_text(proposal: Proposal, inbox: str = "") -> str:
    """What the agent tells its person to get a yes; `inbox` is a web address, if there is one."""
    who = (
        f"Somebody other than {proposal.person.subject} who may approve for {proposal.server}"
        if proposal.four_eyes
        else f"{proposal.person.subject}, signed in themselves,"
    )
    ways = [f"run `dragoman approvals approve {proposal.id}`"]
    if inbox:
        ways.insert(0, f"open {inbox}")
    return (
        f"Nothing ran yet. {who} can {' or '.join(ways)} until {moment(proposal.expires)}. "
        "Tell your person, wait, then repeat exactly the same call: it runs once approved."
    )


def answer_text(outcome: Rejected | DeclinedByClient | CannotAsk, inbox: str = "") -> str:
    """What the agent reads when the call did not run."""
    match outcome:
        case Rejected(proposal, decision):
            return (
                f"Nothing ran: proposal {proposal.id} was {decision}. "
                "Do not repeat the call; ask your person what they want instead."
            )
        case DeclinedByClient(proposal, how):
            return (
                f"The client {how}, which is not a person's decision, so proposal {proposal.id} "
                f"stays open. {door_text(proposal, inbox)}"
            )
        case CannotAsk(proposal, why, notes):
            return " ".join(
                [
                    f"This call waits for a person as proposal {proposal.id}: {why}.",
                    *notes,
                    door_text(proposal, inbox),
                ]
            )
        case _:
            assert_never(outcome)


async def waiting(approvals: Approvals, approver: Caller) -> list[Record]:
    """The open proposals that this person may decide or asked for, newest first."""
    records = await approvals.list(approver)
    return [record for record in records if record.state is State.OPEN]


def describe(record: Record) -> str:
    """A proposal as an approver reads it: its standing, the call by value, the exact question."""
    proposal = record.proposal
    struck = set(record.struck)
    notes = [
        f"{line}{'  (struck)' if item.id in struck else ''}"
        for line, item in zip(numbered(proposal.question), proposal.question.items, strict=True)
    ]
    through = f" through {visible(proposal.surface)}" if proposal.surface else ""
    return "\n".join(
        [
            f"{proposal.id}  {record.status()}",
            f"asked for {visible(proposal.person.subject)}{through} at {moment(proposal.created)}",
            f"call: {proposal.server}.{proposal.tool}, risk {proposal.risk}",
            *[f"  {name} = {value}" for name, value in sorted(proposal.shown.items())],
            "",
            proposal.question.text,
            *notes,
            *hidden(proposal),
        ]
    )


async def approve(
    approvals: Approvals, proposal_id: str, approver: Caller, strike: str = "", reason: str = ""
) -> Record:
    """The approved record. `strike` names items by number that must not run: `2, 5-7`."""
    struck: Sequence[str] = ()
    if strike.strip():
        record = await approvals.get(proposal_id)
        try:
            struck = by_numbers(record.proposal.question, strike)
        except Unreadable as unreadable:
            raise BadInput(f"Nothing was decided: {unreadable}.") from None
    verdict = Verdict(yes=True, door=Door.COMMAND, reason=visible(reason), struck=tuple(struck))
    return await approvals.decide(proposal_id, approver, verdict)


async def reject(approvals: Approvals, proposal_id: str, approver: Caller, reason: str) -> Record:
    verdict = Verdict(yes=False, door=Door.COMMAND, reason=visible(reason))
    return await approvals.decide(proposal_id, approver, verdict)
