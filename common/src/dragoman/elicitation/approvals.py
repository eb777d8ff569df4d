"""What a store of approvals promises, wherever it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dragoman.auth.caller import Caller
from dragoman.elicitation.decision import Record, Verdict
from dragoman.elicitation.proposal import Person, Proposal


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a call stands: the record that speaks for it, new or found again.

    `replaced` is an earlier proposal of the same call that no longer covers it, for the reasons
    in `differences`. `notes` are for the agent: an approval of a similar call that does not
    cover this one, or an earlier run of it whose outcome is unknown.
    """

    record: Record
    replaced: Record | None = None
    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What one person's agent prepared, kept until it is applied or runs out."""

    id: str
    content: str
    digest: str
    expires: float


@dataclass(frozen=True, slots=True)
class Approval:
    """The yes that a running call rests on, for the notes that it leaves in a backend."""

    proposal: str
    by: str
    asked_by: str


class Approvals(Protocol):
    """Proposals, decisions, their single use, and plans.

    Every method raises StoreUnavailable when the store cannot be used, and ApprovalRefused when
    the proposal, as it stands, does not allow what is asked.
    """

    async def propose(self, fresh: Proposal) -> Standing:
        """The standing of this call: its live or firmly rejected proposal, or else this one."""
        ...

    async def get(self, proposal_id: str) -> Record: ...

    async def find_open(self, call: str) -> Record | None:
        """The open or approved, unused proposal of a call (`Proposal.call`)."""
        ...

    async def list(self, reader: Caller) -> list[Record]:
        """What the reader may decide or asked for themselves: open first, then newest, 200."""
        ...

    async def decide(self, proposal_id: str, approver: Caller, verdict: Verdict) -> Record:
        """The record after a person, signed in themselves, has decided."""
        ...

    async def answer(self, proposal_id: str, caller: Caller, verdict: Verdict) -> Record:
        """The record after the caller's own client has answered for its person."""
        ...

    async def withdraw(self, proposal_id: str, caller: Caller) -> Record:
        """The record after the person behind an unused proposal has taken it back."""
        ...

    async def consume(self, proposal: Proposal, intent: bytes) -> None:
        """Uses the approval up and writes the intent, both or neither, before execution."""
        ...

    async def finish(self, proposal_id: str, outcome: str) -> None:
        """Writes how the call ended, also while the call itself is being cancelled."""
        ...

    async def unfinished(self) -> Sequence[tuple[Record, bytes]]:
        """Calls that were started and have no outcome, oldest first, each with its intent.

        Some may still run; after a crash these are what a journal may lack.
        """
        ...

    async def save_plan(self, owner: Person, content: str, digest: str, expires: float) -> str:
        """The new plan's id, which cannot be guessed."""
        ...

    async def get_plan(self, plan_id: str, owner: Person) -> Plan:
        """The owner's plan. Raises BadInput when it is unknown, another's, or has run out."""
        ...
