"""Asking a person about one call, in both protocol eras."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import anyio
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError, NoBackChannelError
from mcp.types import (
    CallToolRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)
from mcp.types.version import is_version_at_least
from pydantic import ValidationError

from dragoman.auth.caller import Caller
from dragoman.elicitation.approvals import Approvals, Standing
from dragoman.elicitation.decision import Decision, Door, Record, State, Verdict, settled
from dragoman.elicitation.form import Filled, Unreadable, message, read, schema
from dragoman.elicitation.proposal import Proposal
from dragoman.elicitation.question import visible
from dragoman.errors import ApprovalRefused
from dragoman.risk import Risk

_ROUNDS_SINCE = "2026-07-28"
_KEY = "approval"

Context: TypeAlias = ServerRequestContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Approved:
    """A yes that covers this call; it must be consumed before anything runs."""

    proposal: Proposal
    decision: Decision

    @property
    def struck(self) -> tuple[str, ...]:
        """Ids of the items that must not run."""
        return self.decision.verdict.struck


@dataclass(frozen=True, slots=True)
class Rejected:
    """A person said no, in words or while signed in themselves."""

    proposal: Proposal
    decision: Decision


@dataclass(frozen=True, slots=True)
class DeclinedByClient:
    """The client gave no person's answer; the proposal stays open. `how` says what it did."""

    proposal: Proposal
    how: str


@dataclass(frozen=True, slots=True)
class CannotAsk:
    """No form can decide this call here; a person decides another way. `why` says why not."""

    proposal: Proposal
    why: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """The round to return to the client (2026-07-28); the call comes again with the answer."""

    proposal: Proposal
    result: InputRequiredResult


Outcome: TypeAlias = Approved | Rejected | DeclinedByClient | CannotAsk | Asked


@dataclass(frozen=True, slots=True)
class Asking:
    """Obtains a person's answer; a form pushed on a session is waited for `wait_seconds`."""

    approvals: Approvals
    wait_seconds: float = 120.0

    async def obtain(
        self,
        ctx: Context,
        params: CallToolRequestParams,
        fresh: Proposal,
        caller: Caller,
        trusts_surface: Callable[[], bool],
    ) -> Outcome:
        """The answer to this call, however often it is repeated until there is one.

        `fresh` describes the call as it stands now; what is asked and bound is the stored
        proposal. `trusts_surface` asks policy (`<server>.confirm`), for `DESTROY` alone.
        Raises ApprovalRefused, with the differences, for an approval that does not cover the
        call, and StoreUnavailable.
        """
        if params.request_state is not None:
            standing = Standing(await self._asked_before(params.request_state, fresh))
        else:
            standing = await self.approvals.propose(fresh)
        _refuse_replaced(standing)
        done = _decided(standing.record)
        if done is not None:
            return done
        proposal = standing.record.proposal
        why_not = _why_no_form(ctx, proposal, trusts_surface)
        if why_not:
            return CannotAsk(proposal, why_not, standing.notes)
        if not is_version_at_least(ctx.protocol_version, _ROUNDS_SINCE):
            return await self._pushed(ctx, proposal, caller)
        answer = (params.input_responses or {}).get(_KEY)
        if params.request_state is None or answer is None:
            return Asked(proposal, _round(proposal))
        if not isinstance(answer, ElicitResult):
            return DeclinedByClient(proposal, "answered something other than the form")
        return await self._take(answer, proposal, caller)

    async def _asked_before(self, request_state: str, fresh: Proposal) -> Record:
        proposal_id, _, mark = request_state.partition(".")
        record = await self.approvals.get(proposal_id)
        if not hmac.compare_digest(mark.encode(), _mark(record.proposal).encode()):
            raise ApprovalRefused("This answer belongs to another question; repeat the call.")
        differences = record.proposal.differences(fresh, fresh.created)
        if record.state not in {State.OPEN, State.APPROVED, State.REJECTED}:
            raise settled(record)
        if differences:
            raise _does_not_cover(record, tuple(differences))
        return record

    async def _pushed(self, ctx: Context, proposal: Proposal, caller: Caller) -> Outcome:
        try:
            with anyio.fail_after(self.wait_seconds):
                answer = await ctx.session.elicit_form(
                    message(proposal),
                    schema(proposal.question),
                    related_request_id=ctx.request_id,
                )
        except TimeoutError:
            return DeclinedByClient(proposal, f"gave no answer within {self.wait_seconds:g} s")
        except NoBackChannelError:
            return CannotAsk(proposal, "this connection cannot carry a question to the client")
        except MCPError:
            return DeclinedByClient(proposal, "refused to show the form")
        except ValidationError:
            return DeclinedByClient(proposal, "answered with something that is not a form")
        return await self._take(answer, proposal, caller)

    async def _take(self, answer: ElicitResult, proposal: Proposal, caller: Caller) -> Outcome:
        if answer.action != "accept":
            return DeclinedByClient(proposal, f"answered `{answer.action}`")
        try:
            filled = read(proposal.question, answer.content)
        except Unreadable as unreadable:
            return DeclinedByClient(proposal, f"sent the form back, but {unreadable}")
        if not filled.approve and not filled.reason:
            return DeclinedByClient(proposal, "sent the form back without a yes or a reason")
        return await self._record(filled, proposal, caller)

    async def _record(self, filled: Filled, proposal: Proposal, caller: Caller) -> Outcome:
        all_struck = len(filled.struck) == len(proposal.question.items) > 0
        yes = filled.approve and not all_struck
        reason = visible(filled.reason) or ("every item was struck" if all_struck else "")
        struck = filled.struck if yes else ()
        verdict = Verdict(yes, Door.CLIENT, reason, struck)
        try:
            record = await self.approvals.answer(proposal.id, caller, verdict)
        except ApprovalRefused:
            # Somebody may have decided at another door while the form was open: theirs holds.
            record = await self.approvals.get(proposal.id)
            if record.state not in {State.APPROVED, State.REJECTED}:
                raise
        return _decided(record) or DeclinedByClient(proposal, "gave no answer")


def _decided(record: Record) -> Approved | Rejected | None:
    if record.decision is None:
        return None
    if record.state is State.APPROVED:
        return Approved(record.proposal, record.decision)
    if record.state is State.REJECTED:
        return Rejected(record.proposal, record.decision)
    return None


def _why_no_form(ctx: Context, proposal: Proposal, trusts_surface: Callable[[], bool]) -> str:
    """Why a form cannot decide this call, or an empty string if it can."""
    if proposal.four_eyes:
        return "the call needs the yes of a second person"
    if proposal.risk is Risk.DESTROY and not trusts_surface():
        return "a client's form cannot approve what is lost for good"
    capabilities = ctx.session.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return "the client cannot show forms"
    return ""


def _round(proposal: Proposal) -> InputRequiredResult:
    form = ElicitRequestFormParams(
        message=message(proposal), requested_schema=schema(proposal.question)
    )
    return InputRequiredResult(
        input_requests={_KEY: ElicitRequest(params=form)},
        request_state=f"{proposal.id}.{_mark(proposal)}",
    )


def _mark(proposal: Proposal) -> str:
    """Pins an answer to the very question that was stored and shown."""
    return proposal.binding()


def _refuse_replaced(standing: Standing) -> None:
    replaced = standing.replaced
    if replaced is not None and replaced.state is State.APPROVED:
        raise _does_not_cover(replaced, standing.differences, standing.record.proposal.id)


def _does_not_cover(
    record: Record, differences: tuple[str, ...], instead: str = ""
) -> ApprovalRefused:
    again = f" It is proposed anew as {instead}." if instead else ""
    return ApprovalRefused(
        f"Nothing ran: proposal {record.proposal.id} does not cover this call, because "
        f"{'; '.join(differences)}.{again} Repeat the call to have it asked about."
    )
