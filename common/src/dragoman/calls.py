"""One call from the guard's side, and the ledger that writes it down and counts it."""

import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp.types import CallToolRequestParams, CallToolResult

from dragoman.answer.canonical import Json, canonical, digest
from dragoman.answer.redact import redact, redact_json
from dragoman.auth.caller import Caller
from dragoman.elicitation.ask import CannotAsk, DeclinedByClient, Rejected
from dragoman.elicitation.proposal import Proposal
from dragoman.errors import StoreUnavailable
from dragoman.judge import Judge
from dragoman.risk import Risk
from dragoman.telemetry.journal import Journal
from dragoman.telemetry.metrics import Metrics
from dragoman.telemetry.minutes import unpaged
from dragoman.telemetry.record import Kind, Record, Result, encode
from dragoman.telemetry.traces import current_trace_id
from dragoman.tool import Tool

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Call:
    """One tools/call, from its arrival to its outcome. Times are of the monotonic clock."""

    name: str
    caller: Caller
    arguments: Mapping[str, Json]
    tool: Tool | None
    protocol: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    started: float = field(default_factory=time.monotonic)
    proposal: str = ""
    intended: bool = False
    consumed: bool = False
    result: Result | None = None

    @property
    def risk(self) -> Risk:
        return self.tool.risk if self.tool else Risk.READ


class Ledger:
    """Writes calls into the audit journal and counts them; knows no policy and asks nobody."""

    def __init__(self, judge: Judge, journal: Journal, metrics: Metrics) -> None:
        self.journal = journal
        self.metrics = metrics
        self._judge = judge

    def open(self, params: CallToolRequestParams, caller: Caller, protocol: str) -> Call:
        """A call that has arrived; nothing is written yet."""
        tool = self._judge.tools.get(params.name)
        return Call(params.name, caller, params.arguments or {}, tool, protocol)

    async def intend(self, call: Call) -> None:
        """Makes the intent durable. Only reads go on, with an alarm, when that is impossible."""
        record = self._record(call, "intent", arguments=call.arguments)
        call.intended = True
        if call.risk is Risk.READ and not self.journal.healthy:
            self.journal.post(record)
            return
        try:
            await self.journal.append(record)
        except StoreUnavailable:
            if call.risk is not Risk.READ:
                call.intended = False
                raise
            _log.exception("a read goes on without its intent in the journal")

    async def commit(self, call: Call, proposal: Proposal, arguments: Mapping[str, Json]) -> bytes:
        """The durable intent of an approved call, as the approval store keeps it, too."""
        call.proposal = proposal.id
        record = self._record(call, "intent", arguments=arguments)
        await self.journal.append(record)
        call.intended = True
        return encode(record)

    def asked(self, call: Call, proposal: str) -> None:
        """A round of asking: the call is not complete, so only the proposal is written."""
        call.proposal = proposal
        call.result = "waiting_approval"
        self.metrics.approval("asked")
        self.journal.post(self._record(call, "proposal", arguments=call.arguments))

    def unanswered(self, call: Call, outcome: Rejected | DeclinedByClient | CannotAsk) -> None:
        """The call ends without a yes: a person's no and a client's silence are told apart."""
        call.proposal = outcome.proposal.id
        if isinstance(outcome, Rejected):
            call.result = "refused"
            self.metrics.approval("declined")
            record = self._record(call, "approval", decision=str(outcome.decision))
        else:
            call.result = "waiting_approval"
            by_client = isinstance(outcome, DeclinedByClient)
            self.metrics.approval("declined_by_client" if by_client else "asked")
            how = outcome.how if isinstance(outcome, DeclinedByClient) else outcome.why
            kind: Kind = "decline" if by_client else "proposal"
            record = self._record(call, kind, decision=how)
        self._count(call)
        self.journal.post(record)

    def succeed(self, call: Call, output: CallToolResult) -> None:
        """The call ran and answered: the only result that saves minutes."""
        call.result = "success"
        minutes = call.tool.minutes_saved if call.tool and call.caller.subject else 0.0
        self.metrics.minutes_saved(call.name, minutes)
        self._count(call)
        self.journal.post(
            self._record(
                call, "outcome", minutes=minutes, output_digest=digest(output.structured_content)
            )
        )

    def end(self, call: Call, result: Result, error: str = "") -> None:
        """Any other end: an outcome when the call had begun to run, a refusal when it had not."""
        call.result = result
        self._count(call)
        kind: Kind = "outcome" if call.intended else "refusal"
        self.journal.post(self._record(call, kind, arguments=call.arguments, error=error))

    def turned_away(self, reason: str) -> None:
        """A request that never became a call: its token or its connection was refused."""
        self.metrics.refused_token(reason)
        self.journal.post(Record(kind="refusal", server=self._judge.server, error=reason))

    def measure(self, method: str, params: Mapping[str, Any], seconds: float, error: str) -> None:
        """One message's duration, by method and known tool."""
        name = str(params.get("name", "")) if method == "tools/call" else ""
        self.metrics.operation(method, name if name in self._judge.tools else "", seconds, error)

    def _count(self, call: Call) -> None:
        known = call.name if call.tool else "unknown"
        self.metrics.tool_call(known, call.risk.value, call.result or "success")

    def _record(  # each is one field of the record
        self,
        call: Call,
        kind: Kind,
        *,
        arguments: Mapping[str, Json] | None = None,
        decision: str = "",
        error: str = "",
        minutes: float = 0.0,
        output_digest: str = "",
    ) -> Record:
        return Record(
            kind=kind,
            call_id=call.id,
            server=self._judge.server,
            tool=call.name,
            risk=call.risk.value,
            action=call.tool.policy if call.tool else "",
            subject=call.caller.subject,
            groups=tuple(sorted(call.caller.groups)),
            workload=call.caller.workload,
            surface=call.caller.surface,
            channel=call.caller.channel,
            issuer=call.caller.issuer,
            arguments_digest=digest(arguments) if arguments is not None else "",
            work_digest=digest(unpaged(call.arguments)),
            arguments=_shown(arguments) if arguments is not None else "",
            proposal=call.proposal,
            decision=decision,
            policies=self._judge.deciding(call.caller, call.name),
            result=call.result,
            duration_ms=round((time.monotonic() - call.started) * 1000, 3),
            output_digest=output_digest,
            error=redact(error),
            minutes=minutes,
            protocol=call.protocol,
            trace_id=current_trace_id(),
        )


def _shown(arguments: Mapping[str, Json]) -> str:
    return canonical(redact_json(arguments)).decode()
