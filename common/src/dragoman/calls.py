"""One call from the guard's side, and the ledger that writes it down and counts it."""

import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from mcp.types.methods import CLIENT_REQUESTS
from msgspec.structs import replace

from dragoman.answer.canonical import Json, canonical
from dragoman.answer.redact import redact, redact_json
from dragoman.auth.caller import Caller
from dragoman.elicitation.ask import Approved, CannotAsk, DeclinedByClient, Rejected
from dragoman.elicitation.proposal import Proposal
from dragoman.errors import StoreUnavailable
from dragoman.judge import LONGEST_NAME, Judge
from dragoman.risk import Risk
from dragoman.telemetry.journal import Journal
from dragoman.telemetry.metrics import Metrics
from dragoman.telemetry.minutes import unpaged
from dragoman.telemetry.record import Kind, Record, Result, encode
from dragoman.telemetry.traces import current_trace_id, mark
from dragoman.tool import Tool

_LONGEST_ARGUMENTS = 32_768
_METHODS = frozenset(method for method, _ in CLIENT_REQUESTS)
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Call:
    """One tools/call, from its arrival to its outcome. Times are of the monotonic clock."""

    name: str
    caller: Caller
    arguments: Mapping[str, Json]
    tool: Tool | None
    record: Record
    started: float = field(default_factory=time.monotonic)
    proposal: str = ""
    intended: bool = False
    consumed: bool = False
    result: Result | None = None

    @property
    def id(self) -> str:
        return self.record.call_id

    @property
    def risk(self) -> Risk:
        return self.tool.risk if self.tool else Risk.READ

    def bind(self, proposal: Proposal) -> None:
        """From now on the records name the proposal, and the risk that its question found."""
        self.proposal = proposal.id
        self.record = replace(self.record, risk=proposal.risk.value)

    @property
    def milliseconds(self) -> float:
        return round((time.monotonic() - self.started) * 1000, 3)


class Ledger:
    """Writes calls into the audit journal and counts them; knows no policy and asks nobody."""

    def __init__(self, judge: Judge, journal: Journal, metrics: Metrics) -> None:
        self.journal = journal
        self.metrics = metrics
        self._judge = judge

    def open(
        self, name: str, caller: Caller, given: Mapping[str, Json] | None, protocol: str
    ) -> Call:
        """A call that has arrived, or a prompt or resource asked for; nothing is written yet.

        Raises BadInput for arguments that have no canonical form.
        """
        tool = self._judge.tools.get(name)
        arguments = given or {}
        record = Record(
            kind="intent",
            call_id=secrets.token_hex(16),
            server=self._judge.server,
            tool=name if tool else redact(name[:LONGEST_NAME]),
            risk=(tool.risk if tool else Risk.READ).value,
            action=self._judge.action(name),
            subject=caller.subject,
            groups=tuple(sorted(caller.groups)),
            workload=caller.workload,
            surface=caller.surface,
            channel=caller.channel,
            issuer=caller.issuer,
            work_digest=sha256(canonical(unpaged(arguments))).hexdigest(),
            policies=self._judge.deciding(caller, name),
            protocol=protocol,
            trace_id=current_trace_id(),
        )
        return Call(name, caller, arguments, tool, record)

    async def intend(self, call: Call) -> None:
        """Makes the intent durable. Only reads go on, with an alarm, when that is impossible."""
        record = _with_arguments(call, "intent", call.arguments)
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

    async def commit(self, call: Call, yes: Approved, arguments: Mapping[str, Json]) -> bytes:
        """The durable intent of an approved call, as the approval store keeps it, too."""
        call.bind(yes.proposal)
        record = _with_arguments(call, "intent", arguments)
        record = replace(record, decision=redact(str(yes.decision)))
        await self.journal.append(record)
        call.intended = True
        return encode(record)

    def asked(self, call: Call, proposal: Proposal) -> None:
        """A round of asking: the call is not complete, so only the proposal is written."""
        call.bind(proposal)
        call.result = "waiting_approval"
        self.metrics.approval("asked")
        self.journal.post(_with_arguments(call, "proposal", call.arguments))

    def unanswered(self, call: Call, outcome: Rejected | DeclinedByClient | CannotAsk) -> None:
        """The call ends without a yes: a person's no and a client's silence are told apart."""
        call.bind(outcome.proposal)
        if isinstance(outcome, Rejected):
            call.result = "refused"
            self.metrics.approval("declined")
            kind: Kind = "approval"
            said = redact(str(outcome.decision))
        else:
            call.result = "waiting_approval"
            by_client = isinstance(outcome, DeclinedByClient)
            self.metrics.approval("declined_by_client" if by_client else "asked")
            said = outcome.how if isinstance(outcome, DeclinedByClient) else outcome.why
            kind = "decline" if by_client else "proposal"
        self._count(call)
        record = _with_arguments(call, kind, call.arguments)
        self.journal.post(replace(record, decision=said, result=call.result))

    def succeed(self, call: Call) -> None:
        """The call ran and answered: the only result that saves minutes."""
        minutes = call.tool.minutes_saved if call.tool and call.caller.subject else 0.0
        self.metrics.minutes_saved(call.name, minutes)
        self._close(call, "success", replace(call.record, minutes=minutes))

    def end(self, call: Call, result: Result, error: str = "") -> None:
        """Any other end: an outcome when the call had begun to run, a refusal when it had not."""
        record = call.record if call.intended else _with_arguments(call, "refusal", call.arguments)
        self._close(call, result, replace(record, error=redact(error)))

    def _close(self, call: Call, result: Result, record: Record) -> None:
        call.result = result
        self._count(call)
        self.journal.post(
            replace(
                record,
                kind="outcome" if call.intended else "refusal",
                result=result,
                proposal=call.proposal,
                duration_ms=call.milliseconds,
            )
        )

    def turned_away(self, reason: str) -> None:
        """A request that never became a call: its token or its connection was refused."""
        self.metrics.refused_token(reason)
        self.journal.post(Record(kind="refusal", server=self._judge.server, error=reason))

    def needs_scope(self, caller: Caller, name: str, scope: str) -> None:
        """A call that was turned back at the edge, for a token with another scope.

        Nobody read its body, so its record says nothing of its arguments.
        """
        call = self.open(name, caller, None, "")
        record = replace(call.record, work_digest="", error=f"needs the scope {scope}")
        self._close(call, "refused", record)

    def measure(self, method: str, params: Mapping[str, Any], seconds: float, error: str) -> None:
        """One message's duration, by method and known tool."""
        name = str(params.get("name", "")) if method == "tools/call" else ""
        known = method if method in _METHODS else "unknown"
        self.metrics.operation(known, name if name in self._judge.tools else "", seconds, error)

    def _count(self, call: Call) -> None:
        name = self._judge.native_key(call.name)
        result = call.result or "success"
        self.metrics.tool_call(name, call.record.risk, result)
        mark(call.id, result)


def _with_arguments(call: Call, kind: Kind, arguments: Mapping[str, Json]) -> Record:
    """A record that holds the arguments: by digest, and to be read without their secrets."""
    written = canonical(arguments)
    return replace(
        call.record,
        kind=kind,
        proposal=call.proposal,
        arguments_digest=sha256(written).hexdigest(),
        arguments=_legible(arguments, written),
        duration_ms=call.milliseconds,
    )


def _legible(arguments: Mapping[str, Json], written: bytes) -> str:
    """The arguments without their secrets; of large ones the start, since the loop waits."""
    if len(written) > _LONGEST_ARGUMENTS:
        # Cleaned before it is cut: half a secret is not recognised.
        start = redact(written[: _LONGEST_ARGUMENTS // 2].decode(errors="ignore"))
        return f"{start[: _LONGEST_ARGUMENTS // 4]}… [{len(written)} bytes]"
    clean = redact_json(arguments)
    return (written if clean == arguments else canonical(clean)).decode()
