"""The one interceptor that every call passes.

Three seams, one judgement: the ASGI edge answers 401 and 403, the middleware filters what a
caller may see, the extension asks, executes and records tool calls. All of them come to
`Judge` and `Ledger` here; no tool body knows about any of it.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from difflib import get_close_matches
from functools import partial
from traceback import format_exception
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CallToolRequestParams, CallToolResult, InputRequiredResult
from pydantic import ValidationError

from dragoman.answer.redact import redact
from dragoman.answer.text import error_result, to_result
from dragoman.auth.asgi import CALLER
from dragoman.auth.caller import Caller
from dragoman.calls import Call, Ledger
from dragoman.desk import Desk, Go
from dragoman.elicitation.plans import Plans
from dragoman.elicitation.proposal import Person
from dragoman.errors import ApprovalRefused, BadInput, DragomanError, NotPermitted, Refused
from dragoman.execution import (
    Hands,
    Opener,
    TookTooLong,
    read_arguments,
    run,
    within,
)
from dragoman.judge import LONGEST_NAME, Judge
from dragoman.listing import filtered, part
from dragoman.telemetry.record import Result
from dragoman.telemetry.traces import link_header
from dragoman.tool import Tool

Context = ServerRequestContext[Any, Any]
_log = logging.getLogger(__name__)


class Guard(Extension):
    """Decides, asks, executes and records, for one server.

    `local` is the caller where there is no HTTP request: stdio and tests. `openers` are the
    backends, filled in when the server starts.
    """

    identifier = "dev.dragoman/guard"

    def __init__(
        self, judge: Judge, ledger: Ledger, desk: Desk, *, local: Caller | None, seconds: float
    ) -> None:
        self.judge = judge
        self.ledger = ledger
        self.desk = desk
        self.openers: Mapping[type, Opener] = {}
        self.idle = asyncio.Event()
        self._running: set[anyio.CancelScope] = set()
        self._local = local
        self._seconds = seconds
        self.idle.set()

    async def middleware(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Every message: what may not be seen is filtered, and how long it took is measured."""
        if ctx.request_id is None:
            return await call_next(ctx)
        if ctx.request is not None:
            link_header(ctx.request.headers)
        started = time.monotonic()
        error = ""
        try:
            result = await self._message(ctx, call_next)
            if isinstance(result, dict) and result.get("isError"):
                error = "tool_error"
        except MCPError as refused:
            error = str(refused.error.code)
            raise
        except ValidationError:
            error = str(INVALID_PARAMS)
            if ctx.method == "tools/call":
                self._malformed(ctx)
            raise
        else:
            return result
        finally:
            self.ledger.measure(ctx.method, ctx.params or {}, time.monotonic() - started, error)

    def _malformed(self, ctx: Context) -> None:
        """A tools/call whose parameters are none: it never became a call, and is written down."""
        name = str((ctx.params or {}).get("name", ""))
        call = self.ledger.open(name, self.caller(ctx), None, ctx.protocol_version)
        self.ledger.end(call, "protocol_error", "the parameters of the request are malformed")

    async def intercept_tool_call(
        self, params: CallToolRequestParams, ctx: Context, call_next: CallNext
    ) -> HandlerResult:
        caller = self.caller(ctx)
        try:
            call = self.ledger.open(params.name, caller, params.arguments, ctx.protocol_version)
        except BadInput as wrong:
            call = self.ledger.open(params.name, caller, None, ctx.protocol_version)
            return self._failed(call, "tool_error", str(wrong))
        with anyio.CancelScope() as running:
            self._enter(running)
            try:
                return await self._ended(call, params, ctx, call_next)
            finally:
                if call.consumed:
                    with anyio.CancelScope(shield=True):
                        await self.desk.finish(call)
                self._leave(running)
        return error_result(f"The server was stopped and cancelled {call.name}. Call it again.")

    def stop(self) -> None:
        """Cancels every running call; each is recorded and answered as such."""
        for running in tuple(self._running):
            running.cancel()

    async def _message(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Prompts and resources are opened under the same record as tools are called."""
        name = part(ctx)
        if name is None:
            return await filtered(self.judge, self.caller(ctx), ctx, call_next)
        return await self._opened(name, ctx, call_next)

    async def _opened(self, name: str, ctx: Context, call_next: CallNext) -> HandlerResult:
        caller = self.caller(ctx)
        call = self.ledger.open(name, caller, None, ctx.protocol_version)

        async def noted(inner: Context) -> HandlerResult:
            if missing := self.judge.missing_scope(caller, name):
                raise MCPError(INVALID_PARAMS, f"{name} needs a token with the scope {missing}.")
            await self.ledger.intend(call)
            return await call_next(inner)

        try:
            result = await filtered(self.judge, caller, ctx, noted)
        except anyio.get_cancelled_exc_class():
            self.ledger.end(call, "cancelled")
            raise
        except MCPError as wrong:
            kind: Result = "protocol_error" if call.intended else "refused"
            self.ledger.end(call, kind, wrong.error.message)
            raise
        except ValidationError:
            self.ledger.end(call, "protocol_error", "the parameters of the request are malformed")
            raise
        except Exception:
            self.ledger.end(call, "tool_error", _unexpected(call))
            raise
        if isinstance(result, dict) and result.get("resultType") == "input_required":
            self.ledger.end(call, "waiting_approval")
        else:
            self.ledger.succeed(call)
        return result

    async def _ended(
        self, call: Call, params: CallToolRequestParams, ctx: Context, call_next: CallNext
    ) -> HandlerResult:
        """What the call comes to; whatever happens, exactly one record says how it ended."""
        try:
            return await self._answer(call, params, ctx, call_next)
        except anyio.get_cancelled_exc_class():
            self.ledger.end(call, "cancelled")
            raise
        except MCPError as wrong:
            self.ledger.end(call, "protocol_error", wrong.error.message)
            raise
        except DragomanError as wrong:
            if isinstance(wrong, ApprovalRefused):
                self.ledger.metrics.approval("refused")
            return self._failed(call, _result_of(wrong), str(wrong))
        except Exception as fault:  # noqa: BLE001  # the one place where every fault of a tool ends
            # The logger's own traceback would show secrets.
            told = redact("".join(format_exception(fault)))
            _log.warning("%s raised in call %s\n%s", call.name, call.id, told)
            return self._failed(call, "tool_error", _unexpected(call))

    def _enter(self, running: anyio.CancelScope) -> None:
        self._running.add(running)
        self.idle.clear()

    def _leave(self, running: anyio.CancelScope) -> None:
        self._running.discard(running)
        if not self._running:
            self.idle.set()

    def caller(self, ctx: Context) -> Caller:
        """Who makes this very request: its own token decides, also in a session that lives on."""
        scope = getattr(ctx.request, "scope", None)
        caller = self._local if scope is None else scope.get(CALLER)
        if not isinstance(caller, Caller):
            raise MCPError(INVALID_PARAMS, "No identity: sign in and call again.")
        return caller

    async def _answer(
        self, call: Call, params: CallToolRequestParams, ctx: Context, call_next: CallNext
    ) -> HandlerResult:
        self._admit(call)
        if call.tool is None:
            return await self._native(call, ctx, call_next)
        arguments: Mapping[str, Any] = read_arguments(call.tool, call.arguments)
        hands = self._hands(call, arguments, ctx)
        filled = await self._filled(call, call.tool, hands)
        if call.tool.risk.asks:
            decided = await self.desk.ask(call, call.tool, hands, params, ctx)
            if not isinstance(decided, Go):
                return decided
            arguments = decided.arguments
            filled = await hands.fill(call.tool.injected, decided.approval)
        else:
            await self.ledger.intend(call)
        return await self._execute(call, call.tool, arguments, filled)

    def _admit(self, call: Call) -> None:
        """Raises NotPermitted; a hidden name reads exactly like an unknown one."""
        if not self.judge.sees(call.caller, call.name):
            raise NotPermitted(self._unknown(call))
        if missing := self.judge.missing_scope(call.caller, call.name):
            raise NotPermitted(
                f"{call.name} needs a token with the scope {missing}: sign in again and grant it."
            )

    def _unknown(self, call: Call) -> str:
        """What a client with an old list needs to know; hints only at what the caller may see."""
        seen = [name for name in self.judge.tools if self.judge.sees(call.caller, name)]
        name = call.name[:LONGEST_NAME]
        near = get_close_matches(name, seen, n=1, cutoff=0.75)
        meant = f" Did you mean {near[0]}?" if near else " List the tools again."
        return f"Unknown tool: {name}.{meant}"

    def _hands(self, call: Call, arguments: Mapping[str, Any], ctx: Context) -> Hands:
        return Hands(
            caller=call.caller,
            progress=ctx.session.report_progress,
            permits=partial(self.judge.policy.permits, call.caller),
            plans=Plans(self.desk.approvals, Person.behind(call.caller)),
            openers=self.openers,
            instance=str(arguments.get("instance", "")),
        )

    async def _filled(self, call: Call, tool: Tool, hands: Hands) -> Mapping[str, Any]:
        """What the tool takes, opened before anybody is asked about a backend that is down."""
        if not tool.injected:
            return {}
        opening = f"{call.name}: its backend did not open"
        return await within(self._seconds, hands.fill(tool.injected), opening)

    async def _execute(
        self, call: Call, tool: Tool, arguments: Mapping[str, Any], filled: Mapping[str, Any]
    ) -> CallToolResult:
        answer = await run(tool, arguments, filled, seconds=self._seconds)
        result = to_result(answer)
        result.meta = {"dragoman/call": call.id, "dragoman/minutes_saved": tool.minutes_saved}
        self.ledger.succeed(call)
        return result

    async def _native(self, call: Call, ctx: Context, call_next: CallNext) -> HandlerResult:
        """A tool written against the SDK, which also runs it and asks for itself."""
        await self.ledger.intend(call)
        result = await call_next(ctx)
        if isinstance(result, InputRequiredResult):
            self.ledger.end(call, "waiting_approval")
        elif isinstance(result, CallToolResult) and result.is_error:
            self.ledger.end(call, "tool_error")
        else:
            self.ledger.succeed(call)
        return result

    def _failed(self, call: Call, result: Result, text: str) -> CallToolResult:
        clean = redact(text)
        self.ledger.end(call, result, clean)
        return error_result(clean)


def _result_of(error: DragomanError) -> Result:
    match error:
        case TookTooLong():
            return "timed_out"
        case Refused():
            return "refused"
        case _:
            return "tool_error"


def _unexpected(call: Call) -> str:
    return f"{call.name} failed inside the server, which says no more. Quote call {call.id}."
