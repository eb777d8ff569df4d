"""Both protocol eras, through a real client and a server whose extension uses the room."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from mcp import Client, MCPError
from mcp.client import ClientRequestContext
from mcp.server import MCPServer
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ElicitRequestFormParams,
    ElicitRequestParams,
    ElicitResult,
    ErrorData,
    TextContent,
)

from dragoman.answer.canonical import Json
from dragoman.auth.caller import Caller
from dragoman.elicitation import door
from dragoman.elicitation.ask import Approved, Asked, Asking
from dragoman.elicitation.decision import State
from dragoman.elicitation.proposal import Call, draft
from dragoman.elicitation.question import Item, Question, element_id, subset
from dragoman.elicitation.store import LocalApprovals
from dragoman.errors import DragomanError
from dragoman.risk import Risk

pytestmark = pytest.mark.anyio

Era = Literal["auto", "legacy"]
Answer = Callable[[], Awaitable[ElicitResult | ErrorData]]

AGENT = Caller("alice", issuer="https://idp.example", surface="chat")
YES = ElicitResult(action="accept", content={"approve": True})
BOB = Caller("bob", issuer="https://idp.example")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> Era:
    return request.param


@dataclass
class Gate(Extension):
    """A guard in miniature: asks, consumes, runs the approved subset, writes the outcome."""

    approvals: LocalApprovals
    wait_seconds: float = 5.0
    asked: int = 0
    ran: list[Json] = field(default_factory=list[Json])
    identifier = "dev.dragoman.test/gate"

    async def intercept_tool_call(
        self,
        params: CallToolRequestParams,
        ctx: ServerRequestContext[Any, Any],
        call_next: CallNext,
    ) -> HandlerResult:
        del call_next
        arguments = params.arguments or {}
        call = Call("demo", params.name, "schema-1", arguments, "policy-1", Risk.WRITE)
        try:
            fresh = draft(call, AGENT, self._question(arguments), now=1_000.0)
            asking = Asking(self.approvals, self.wait_seconds)
            outcome = await asking.obtain(ctx, params, fresh, AGENT, lambda: False)
            if isinstance(outcome, Asked):
                return outcome.result
            if not isinstance(outcome, Approved):
                return _refusal(door.answer_text(outcome))
            await self.approvals.consume(outcome.proposal, b"intent")
        except DragomanError as refused:
            return _refusal(str(refused))
        kept = subset(arguments, "statements", outcome.struck)["statements"]
        self.ran.append(kept)
        await self.approvals.finish(outcome.proposal.id, "success")
        return CallToolResult(content=[TextContent(type="text", text=f"ran {json.dumps(kept)}")])

    def _question(self, arguments: dict[str, Any]) -> Question:
        # The words carry a counter, as a careless clock would.
        self.asked += 1
        items = tuple(Item(element_id(one), f"statement {one}") for one in arguments["statements"])
        return Question(f"Run these? (rendering {self.asked})", items, items_argument="statements")


def _refusal(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)


@pytest.fixture
def approvals(tmp_path: Path) -> LocalApprovals:
    return LocalApprovals(tmp_path / "approvals.sqlite", lambda _who, _what: True, lambda: 1_000.0)


@pytest.fixture
def gate(approvals: LocalApprovals) -> Gate:
    return Gate(approvals)


def server(gate: Gate) -> MCPServer:
    made = MCPServer("demo", extensions=[gate], log_level="ERROR")

    async def run_statements(statements: list[str]) -> str:
        raise AssertionError(f"the gate let {statements} pass")

    made.add_tool(run_statements, structured_output=False)
    return made


@dataclass
class Forms:
    """A client's forms: what was shown, and what is answered."""

    answer: Answer
    shown: list[ElicitRequestFormParams] = field(default_factory=list[ElicitRequestFormParams])

    async def __call__(
        self, context: ClientRequestContext, params: ElicitRequestParams
    ) -> ElicitResult | ErrorData:
        del context
        assert isinstance(params, ElicitRequestFormParams)
        self.shown.append(params)
        return await self.answer()


def sends(answer: ElicitResult | ErrorData) -> Answer:
    async def send() -> ElicitResult | ErrorData:
        return answer

    return send


def filled(**content: str | float | bool | list[str] | None) -> Answer:
    return sends(ElicitResult(action="accept", content=content))


async def never() -> ElicitResult | ErrorData:
    await anyio.sleep_forever()
    raise AssertionError


async def call(
    gate: Gate, era: Era, forms: Forms | None, statements: tuple[str, ...] = ("a", "b")
) -> tuple[bool, str]:
    async with Client(server(gate), mode=era, elicitation_callback=forms) as client:
        result = await client.call_tool("run_statements", {"statements": list(statements)})
    (block,) = result.content
    assert isinstance(block, TextContent)
    return bool(result.is_error), block.text


async def only(gate: Gate) -> State:
    (record,) = await gate.approvals.list(BOB)
    return record.state


async def test_a_yes_in_the_form_runs_the_call_once_and_asks_once(gate: Gate, era: Era) -> None:
    forms = Forms(filled(approve=True))

    failed, text = await call(gate, era, forms)

    assert (failed, text) == (False, 'ran ["a", "b"]')
    assert gate.ran == [["a", "b"]]
    (shown,) = forms.shown
    assert shown.message == (
        "Run these? (rendering 1)\n1. statement a\n2. statement b\n\n"
        'Call: demo.run_statements(statements=["a","b"])\nIn the name of alice; risk: write.'
    )
    assert "default" not in shown.requested_schema["properties"]["approve"]
    assert await only(gate) is State.CONSUMED


async def test_a_struck_item_never_reaches_the_tool(gate: Gate, era: Era) -> None:
    forms = Forms(filled(approve=True, keep_1=False, keep_2=True))

    await call(gate, era, forms)

    assert gate.ran == [["b"]]


async def test_a_long_batch_is_struck_by_number(gate: Gate, era: Era) -> None:
    statements = tuple(f"s{number}" for number in range(1, 21))
    forms = Forms(filled(approve=True, struck="2, 4-20"))

    await call(gate, era, forms, statements)

    assert gate.ran == [["s1", "s3"]]


async def test_striking_everything_is_a_no(gate: Gate, era: Era) -> None:
    forms = Forms(filled(approve=True, keep_1=False, keep_2=False))

    failed, text = await call(gate, era, forms)

    assert failed
    assert "every item was struck" in text
    assert await only(gate) is State.REJECTED


async def test_a_no_with_a_reason_is_the_person_s_rejection(gate: Gate, era: Era) -> None:
    forms = Forms(filled(approve=False, reason="not in business hours"))

    failed, text = await call(gate, era, forms)

    assert failed
    assert "rejected by alice through their client's form" in text
    assert "not in business hours" in text
    assert (gate.ran, await only(gate)) == ([], State.REJECTED)


@pytest.mark.parametrize(
    "answer",
    [
        sends(ElicitResult(action="decline")),
        sends(ElicitResult(action="cancel")),
        sends(ElicitResult(action="accept")),
        filled(),
        filled(approve=False),
        filled(approve=None),
        filled(approve="true"),
        filled(approve=1),
        filled(approve="yes", reason="because"),
        filled(approve=True, reason=["x"]),
        filled(approve=True, keep_1="false"),
    ],
)
async def test_an_answer_that_a_client_gives_by_itself_decides_nothing(
    gate: Gate, era: Era, answer: Answer
) -> None:
    failed, text = await call(gate, era, Forms(answer))

    assert failed
    assert "not a person's decision" in text
    assert "dragoman approvals approve" in text
    assert (gate.ran, await only(gate)) == ([], State.OPEN)


async def test_a_client_that_errs_leaves_the_proposal_open(gate: Gate, era: Era) -> None:
    forms = Forms(sends(ErrorData(code=-32000, message="no screen")))

    # In the older era the server hears of it, in the newer one the call ends in the client.
    ended: list[bool] = []
    try:
        ended.append((await call(gate, era, forms))[0])
    except* MCPError:
        ended.append(True)

    assert ended == [True]
    assert (gate.ran, await only(gate)) == ([], State.OPEN)


async def test_a_decision_at_another_door_while_the_form_is_open_holds(
    gate: Gate, era: Era
) -> None:
    async def by_bob() -> ElicitResult | ErrorData:
        (waiting,) = await door.waiting(gate.approvals, BOB)
        await door.reject(gate.approvals, waiting.proposal.id, BOB, "frozen")
        return YES

    failed, text = await call(gate, era, Forms(by_bob))

    assert failed
    assert "rejected by bob" in text
    assert gate.ran == []


async def test_a_pushed_form_is_waited_for_no_longer_than_its_limit(gate: Gate) -> None:
    gate.wait_seconds = 0.05

    _, text = await call(gate, "legacy", Forms(never))

    assert "gave no answer within 0.05 s" in text
    assert (gate.ran, await only(gate)) == ([], State.OPEN)


async def test_a_client_that_goes_away_while_asked_leaves_the_proposal_open(
    gate: Gate, era: Era
) -> None:
    async with anyio.create_task_group() as tasks:

        async def leave() -> ElicitResult | ErrorData:
            tasks.cancel_scope.cancel()
            return await never()

        tasks.start_soon(call, gate, era, Forms(leave))

    assert (gate.ran, await only(gate)) == ([], State.OPEN)
