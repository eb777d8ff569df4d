"""Approvals in one SQLite file: for one node, any number of processes."""

import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

import anyio
import anyio.to_thread

from dragoman.auth.caller import Caller
from dragoman.elicitation import rows
from dragoman.elicitation.approvals import Approvals, Plan, Standing
from dragoman.elicitation.database import create, transaction
from dragoman.elicitation.decision import (
    Decision,
    Door,
    MayApprove,
    Record,
    State,
    Verdict,
    check_approver,
    check_right,
    settled,
)
from dragoman.elicitation.moment import moment
from dragoman.elicitation.proposal import Person, Proposal
from dragoman.elicitation.question import approved_items
from dragoman.errors import ApprovalRefused, BadInput

__all__ = ["Approvals", "LocalApprovals"]

T = TypeVar("T")
Work: TypeAlias = Callable[[sqlite3.Connection, float], T]
"""What is done in one transaction, at one time (seconds since the epoch)."""
_MOST_OPEN = 100


class LocalApprovals:
    """The approvals in the file at `path`, made on first use.

    `may_approve` asks policy; `clock` gives seconds since the epoch; a lock held by another
    process is waited for at most `busy_seconds`.
    """

    def __init__(
        self,
        path: Path,
        may_approve: MayApprove,
        clock: Callable[[], float] = time.time,
        busy_seconds: float = 10.0,
    ) -> None:
        self._path = path
        self._may_approve = may_approve
        self._clock = clock
        self._busy_seconds = busy_seconds
        self._made = False
        # SQLite writes one at a time anyway, and its own waiting is not fair.
        self._turn = anyio.CapacityLimiter(1)

    async def propose(self, fresh: Proposal) -> Standing:
        return await self._write(lambda connection, now: _propose(connection, fresh, now))

    async def get(self, proposal_id: str) -> Record:
        return await self._read(lambda connection, now: rows.fetch(connection, proposal_id, now))

    async def find_open(self, call: str) -> Record | None:
        return await self._read(lambda connection, now: rows.live(connection, call, now))

    async def list(self, reader: Caller) -> list[Record]:
        me = Person.behind(reader)
        newest = await self._read(rows.newest)
        return [
            record
            for record in newest
            if me.is_same_account(record.proposal.person)
            or self._may_approve(reader, record.proposal)
        ][:200]

    async def decide(self, proposal_id: str, approver: Caller, verdict: Verdict) -> Record:
        record = await self.get(proposal_id)
        check_approver(record.proposal, approver, verdict, self._clock())
        check_right(record.proposal, approver, self._may_approve)
        return await self._settle(proposal_id, approver, verdict)

    async def answer(self, proposal_id: str, caller: Caller, verdict: Verdict) -> Record:
        record = await self.get(proposal_id)
        _check_client(record.proposal, caller, verdict)
        return await self._settle(proposal_id, caller, verdict)

    async def withdraw(self, proposal_id: str, caller: Caller) -> Record:
        return await self._write(
            lambda connection, now: _withdraw(connection, proposal_id, caller, now)
        )

    async def consume(self, proposal: Proposal, intent: bytes) -> None:
        # A use that was written must be known to the caller, who then writes how it ended.
        with anyio.CancelScope(shield=True):
            await self._write(lambda connection, now: _consume(connection, proposal, intent, now))

    async def finish(self, proposal_id: str, outcome: str) -> None:
        with anyio.CancelScope(shield=True):
            await self._write(
                lambda connection, now: _finish(connection, proposal_id, outcome, now)
            )

    async def unfinished(self) -> Sequence[tuple[Record, bytes]]:
        return await self._read(rows.all_unfinished)

    async def save_plan(self, owner: Person, content: str, digest: str, expires: float) -> str:
        plan = Plan(secrets.token_hex(16), content, digest, expires)
        await self._write(lambda connection, now: rows.add_plan(connection, plan, owner.key, now))
        return plan.id

    async def get_plan(self, plan_id: str, owner: Person) -> Plan:
        plan = await self._read(lambda connection, _now: rows.plan(connection, plan_id, owner.key))
        if plan is None:
            raise BadInput("You have no plan with this id; make a new one.")
        if plan.expires <= self._clock():
            raise BadInput(f"This plan ran out at {moment(plan.expires)}; make a new one.")
        return plan

    async def _settle(self, proposal_id: str, by: Caller, verdict: Verdict) -> Record:
        person = Person.behind(by)
        return await self._write(
            lambda connection, now: _settle(connection, proposal_id, Decision(verdict, person, now))
        )

    async def _read(self, work: Work[T]) -> T:
        return await self._transact(work, "read")

    async def _write(self, work: Work[T]) -> T:
        return await self._transact(work, "write")

    async def _transact(self, work: Work[T], kind: Literal["read", "write"]) -> T:
        return await anyio.to_thread.run_sync(self._run, work, kind, limiter=self._turn)

    def _run(self, work: Work[T], kind: Literal["read", "write"]) -> T:
        if not self._made:
            create(self._path)
            self._made = True
        with transaction(self._path, kind, self._busy_seconds) as connection:
            # Read the clock only now: the wait for the lock counts against an expiry.
            return work(connection, self._clock())


def _propose(connection: sqlite3.Connection, fresh: Proposal, now: float) -> Standing:
    rows.expire(connection, now)
    held = rows.live(connection, fresh.call, now)
    if held is None:
        return _first(connection, fresh, now)
    differences = held.proposal.differences(fresh, now)
    if not differences:
        return Standing(held)
    rows.set_state(connection, held.proposal.id, State.EXPIRED)
    rows.add(connection, fresh)
    return Standing(Record(fresh, State.OPEN), held, tuple(differences))


def _first(connection: sqlite3.Connection, fresh: Proposal, now: float) -> Standing:
    refused = rows.last_rejected(connection, fresh.call, now)
    if refused is not None and not refused.proposal.differences(fresh, now):
        return Standing(refused)
    notes = [
        f"Approval {record.proposal.id} does not cover this call: "
        + "; ".join(record.proposal.differences(fresh, now))
        + "."
        for record in rows.approved_for_purpose(connection, fresh, now)
    ]
    notes += [
        f"The same call was approved before as {record.proposal.id}, and how it ended is "
        f"{record.status()}."
        for record in rows.unfinished(connection, fresh.call, now)
    ]
    if rows.count_open(connection, fresh) >= _MOST_OPEN:
        raise ApprovalRefused(
            f"{_MOST_OPEN} calls of {fresh.tool} already wait for a person's yes in the name of "
            f"{fresh.person.subject}. Wait for decisions, or have some withdrawn."
        )
    rows.add(connection, fresh)
    return Standing(Record(fresh, State.OPEN), notes=tuple(notes))


def _settle(connection: sqlite3.Connection, proposal_id: str, decision: Decision) -> Record:
    rows.expire(connection, decision.at)
    record = rows.fetch(connection, proposal_id, decision.at)
    if record.state is not State.OPEN:
        raise settled(record)
    verdict, question = decision.verdict, record.proposal.question
    if not approved_items(question, verdict.struck) and question.items and verdict.yes:
        raise ApprovalRefused("Every item was struck, so nothing is left to do: reject it whole.")
    state = State.APPROVED if verdict.yes else State.REJECTED
    rows.set_decision(connection, proposal_id, state, decision)
    return Record(record.proposal, state, decision)


def _withdraw(
    connection: sqlite3.Connection, proposal_id: str, caller: Caller, now: float
) -> Record:
    rows.expire(connection, now)
    record = rows.fetch(connection, proposal_id, now)
    if not record.proposal.person.is_same_account(Person.behind(caller)):
        raise ApprovalRefused("Only the person it was made for can withdraw a proposal.")
    if record.state not in {State.OPEN, State.APPROVED}:
        raise settled(record)
    rows.set_state(connection, proposal_id, State.WITHDRAWN)
    return Record(record.proposal, State.WITHDRAWN, record.decision)


def _consume(connection: sqlite3.Connection, proposal: Proposal, intent: bytes, now: float) -> None:
    rows.expire(connection, now)
    record = rows.fetch(connection, proposal.id, now)
    if record.state is State.OPEN:
        raise ApprovalRefused(f"Proposal {proposal.id} is not approved yet; wait for a person.")
    if record.state is not State.APPROVED:
        raise settled(record)
    if record.proposal.binding() != proposal.binding():
        differences = record.proposal.differences(proposal, now) or ["the question was another"]
        raise ApprovalRefused(
            f"Approval {proposal.id} does not cover this call: {'; '.join(differences)}."
        )
    if not rows.use(connection, proposal.id, intent, now):
        raise settled(rows.fetch(connection, proposal.id, now))


def _finish(connection: sqlite3.Connection, proposal_id: str, outcome: str, now: float) -> None:
    if not rows.end(connection, proposal_id, outcome or "ended", now):
        raise ApprovalRefused(f"Approval {proposal_id} has no running call to finish.")


def _check_client(proposal: Proposal, caller: Caller, verdict: Verdict) -> None:
    if verdict.door is not Door.CLIENT:
        raise ApprovalRefused("This door is for the answers of a client's form.")
    if caller.surface != proposal.surface or not proposal.person.is_same_account(
        Person.behind(caller)
    ):
        raise ApprovalRefused("This form was shown to another caller; propose again.")
    if proposal.four_eyes and verdict.yes:
        raise ApprovalRefused(
            "This call needs the yes of a second person, signed in themselves: "
            "a form cannot give it."
        )
