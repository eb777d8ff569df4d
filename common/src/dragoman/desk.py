"""Where a dangerous call stops until a person has said yes to exactly that call."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from mcp.server.context import ServerRequestContext
from mcp.types import CallToolRequestParams, CallToolResult, InputRequiredResult

from dragoman.answer.canonical import Json
from dragoman.answer.text import error_result
from dragoman.calls import Call, Ledger
from dragoman.elicitation.approvals import Approval, Approvals
from dragoman.elicitation.ask import (
    Approved,
    Asked,
    Asking,
    CannotAsk,
    DeclinedByClient,
    Rejected,
)
from dragoman.elicitation.door import answer_text
from dragoman.elicitation.proposal import Call as ProposedCall
from dragoman.elicitation.proposal import draft
from dragoman.elicitation.question import Question, subset
from dragoman.errors import DragomanError
from dragoman.execution import Hands, read_arguments, within
from dragoman.judge import Judge
from dragoman.tool import Tool

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Go:
    """A yes that has been used up: the call runs now, with the arguments that were let through."""

    arguments: Mapping[str, Any]
    approval: Approval


class Desk:
    """Asks for, checks and consumes approvals for one server."""

    def __init__(
        self, judge: Judge, ledger: Ledger, approvals: Approvals, *, seconds: float
    ) -> None:
        self.approvals = approvals
        self._seconds = seconds
        self._judge = judge
        self._ledger = ledger
        self._asking = Asking(approvals)

    async def ask(
        self,
        call: Call,
        tool: Tool,
        hands: Hands,
        params: CallToolRequestParams,
        ctx: ServerRequestContext[Any, Any],
    ) -> Go | CallToolResult | InputRequiredResult:
        """The go-ahead, or what to return instead of running the call."""
        given = _as_json(tool, call.arguments)
        question = await within(
            self._seconds,
            self._question(tool, given, hands),
            f"{tool.name}: its question was not ready",
        )
        proposed = ProposedCall(
            server=self._judge.server,
            tool=tool.name,
            tool_schema=tool.schema_digest,
            arguments=given,
            policy_version=self._judge.policy.version,
            risk=tool.risk,
            four_eyes=tool.four_eyes,
        )
        fresh = draft(proposed, call.caller, question, time.time())
        outcome = await self._asking.obtain(
            ctx, params, fresh, call.caller, lambda: self._trusts(call)
        )
        match outcome:
            case Approved():
                return await self._use(call, tool, outcome, given)
            case Asked(proposal, result):
                self._ledger.asked(call, proposal)
                return result
            case Rejected() | DeclinedByClient() | CannotAsk():
                self._ledger.unanswered(call, outcome)
                return error_result(answer_text(outcome))
            case _:
                assert_never(outcome)

    async def _question(self, tool: Tool, given: Mapping[str, Json], hands: Hands) -> Question:
        if tool.confirm is None:
            raise TypeError(f"{tool.name} asks but has no question")
        parts = await hands.fill(tool.asked_with)
        return await tool.confirm(arguments=read_arguments(tool, given), **parts)

    async def finish(self, call: Call) -> None:
        """Writes into the store how an approved call ended; the journal says it in any case."""
        if not call.consumed:
            return
        try:
            await self.approvals.finish(call.proposal, call.result or "unknown")
        except DragomanError as wrong:
            _log.error(
                "call %s has ended, and its approval does not say so: %s", call.id, wrong
            )  # the sentence says it all

    async def _use(
        self, call: Call, tool: Tool, approved: Approved, given: Mapping[str, Json]
    ) -> Go:
        """Intent first, then the single use: a crash between them leaves nothing executed."""
        question = approved.proposal.question
        let_through = given
        if question.items_argument:
            let_through = subset(given, question.items_argument, approved.struck)
        intent = await self._ledger.commit(call, approved, let_through)
        await self.approvals.consume(approved.proposal, intent)
        call.consumed = True
        self._ledger.metrics.approval("accepted")
        approval = Approval(approved.proposal.id, approved.decision.by.subject, call.caller.subject)
        return Go(read_arguments(tool, let_through), approval)

    def _trusts(self, call: Call) -> bool:
        return self._judge.policy.decide(call.caller, f"{self._judge.server}.confirm").allowed


def _as_json(tool: Tool, raw: Mapping[str, Any]) -> dict[str, Json]:
    """The arguments by value, defaults filled in, so that two spellings of a call are one."""
    read_arguments(tool, raw)
    return tool.arguments.model_validate(dict(raw)).model_dump(mode="json")
