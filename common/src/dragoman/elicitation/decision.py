"""What became of a proposal, and who may decide it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from dragoman.auth.caller import Caller
from dragoman.elicitation.moment import moment
from dragoman.elicitation.proposal import Person, Proposal
from dragoman.errors import ApprovalRefused, NotPermitted

MayApprove = Callable[[Caller, Proposal], bool]
"""Whether policy lets this person say yes (`<server>.approve`)."""


class State(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CONSUMED = "consumed"


class Door(StrEnum):
    """The way an answer came in; only through `CLIENT` is it the client's word for a person."""

    CLIENT = "client"
    COMMAND = "command"
    INBOX = "inbox"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A person's answer. `struck` are ids of items that must not run."""

    yes: bool
    door: Door
    reason: str = ""
    struck: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    verdict: Verdict
    by: Person
    at: float

    def __str__(self) -> str:
        word = "approved" if self.verdict.yes else "rejected"
        via = " through their client's form" if self.verdict.door is Door.CLIENT else ""
        reason = f": {self.verdict.reason}" if self.verdict.reason else ""
        return f"{word} by {self.by.subject}{via} at {moment(self.at)}{reason}"


@dataclass(frozen=True, slots=True)
class Use:
    """The single use of an approval; `outcome` is empty until the call has ended."""

    started: float
    outcome: str = ""
    finished: float = 0.0


@dataclass(frozen=True, slots=True)
class Record:
    """A proposal with all that happened to it."""

    proposal: Proposal
    state: State
    decision: Decision | None = None
    use: Use | None = None

    @property
    def struck(self) -> tuple[str, ...]:
        return self.decision.verdict.struck if self.decision else ()

    def status(self) -> str:
        """One sentence: where the proposal stands and, if that is unknown, what to check."""
        proposal = self.proposal
        if self.use is not None:
            return _usage(self.use, proposal)
        if self.decision is not None and self.state in {State.APPROVED, State.REJECTED}:
            unused = f", good for one call until {moment(proposal.expires)}"
            return f"{self.decision}{unused if self.state is State.APPROVED else ''}"
        if self.state is State.EXPIRED:
            return f"expired at {moment(proposal.expires)} or replaced; nothing ran"
        if self.state is State.WITHDRAWN:
            return "withdrawn by the person it was made for; nothing ran"
        return f"open until {moment(proposal.expires)}"


def check_approver(proposal: Proposal, approver: Caller, verdict: Verdict, now: float) -> None:
    """Raises ApprovalRefused unless a person signed in themselves gives this verdict.

    Two persons are needed where the proposal says so: the human behind it cannot be the second
    one, whatever agent, account or letter case they used.
    """
    if verdict.door is Door.CLIENT:
        raise ApprovalRefused("A client's form is not a door where a person signs in themselves.")
    if approver.surface:
        raise ApprovalRefused(
            f"This token was given to {approver.surface}, which acts for {approver.name}. "
            "An agent cannot decide: sign in yourself and decide again."
        )
    if not approver.subject:
        raise ApprovalRefused("A service cannot decide: a person must sign in and do it.")
    if approver.expires_at and approver.expires_at <= now:
        raise ApprovalRefused("Your sign-in has expired: sign in again and decide.")
    if not verdict.yes or not proposal.four_eyes:
        return
    if proposal.person.is_same_human(Person.behind(approver)):
        raise ApprovalRefused(
            f"This call was asked for in the name of {proposal.person.subject} and needs the yes "
            "of another person. You may withdraw it."
        )


def check_right(proposal: Proposal, approver: Caller, may_approve: MayApprove) -> None:
    """Raises NotPermitted when policy gives this person no say over the server's calls."""
    if not may_approve(approver, proposal):
        raise NotPermitted(
            f"{approver.subject} may not decide calls of {proposal.server}: no policy permits "
            f"{proposal.server}.approve. Ask somebody who may."
        )


def settled(record: Record) -> ApprovalRefused:
    """The refusal for a proposal that is no longer open, saying who did what and when."""
    proposal_id = record.proposal.id
    if record.use is not None:
        return ApprovalRefused(
            f"Approval {proposal_id} was already used at {moment(record.use.started)} "
            f"({record.status()}). Each approval is good for one call: propose again."
        )
    return ApprovalRefused(
        f"Proposal {proposal_id} is not open any more: {record.status()}. Propose again if needed."
    )


def _usage(use: Use, proposal: Proposal) -> str:
    if use.outcome:
        return f"used at {moment(use.started)}: {use.outcome}"
    return (
        f"unknown: started at {moment(use.started)}, no outcome recorded. It may be running or "
        f"have stopped half-way: check in {proposal.server} what {proposal.tool} did, and the "
        f"audit journal for {proposal.id}, before doing it again"
    )
