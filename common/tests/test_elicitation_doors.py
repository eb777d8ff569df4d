"""Both protocol eras, through a real client and a server whose extension uses the room."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pytest
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.server import MCPServer
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ElicitRequestParams,
    ElicitResult,
    InputRequiredResult,
    InputResponses,
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
    risk: Risk = Risk.WRITE
    four_eyes: bool = False
    policy: str = "policy-1"
    trusted: bool = False
    caller: Caller = AGENT
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
        call = Call(
            "demo", params.name, "schema-1", arguments, self.policy, self.risk, self.four_eyes
        )
        try:
            fresh = draft(call, self.caller, self._question(arguments), now=1_000.0)
            asking = Asking(self.approvals)
            outcome = await asking.obtain(ctx, params, fresh, self.caller, lambda: self.trusted)
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
class Yes:
    """A client that accepts every form by itself, and keeps what it was shown."""

    shown: list[ElicitRequestParams] = field(default_factory=list[ElicitRequestParams])

    async def __call__(
        self, context: ClientRequestContext, params: ElicitRequestParams
    ) -> ElicitResult:
        del context
        self.shown.append(params)
        return YES


async def call(
    gate: Gate, era: Era, forms: Yes | None, statements: tuple[str, ...] = ("a", "b")
) -> tuple[bool, str]:
    async with Client(server(gate), mode=era, elicitation_callback=forms) as client:
        result = await client.call_tool("run_statements", {"statements": list(statements)})
    (block,) = result.content
    assert isinstance(block, TextContent)
    return bool(result.is_error), block.text


async def only(gate: Gate) -> State:
    (record,) = await gate.approvals.list(BOB)
    return record.state


async def test_a_client_that_cannot_elicit_is_told_in_words_and_another_door_opens(
    gate: Gate, era: Era
) -> None:
    failed, text = await call(gate, era, None)
    (waiting,) = await door.waiting(gate.approvals, BOB)
    await door.approve(gate.approvals, waiting.proposal.id, BOB)
    again = await call(gate, era, None)

    assert failed
    assert "the client cannot show forms" in text
    assert f"dragoman approvals approve {waiting.proposal.id}" in text
    assert again == (False, 'ran ["a", "b"]')
    assert (await call(gate, era, None))[0]
    assert gate.ran == [["a", "b"]]


async def test_changed_arguments_after_approval_run_nothing_and_show_the_difference(
    gate: Gate, era: Era
) -> None:
    await call(gate, era, None)
    (waiting,) = await door.waiting(gate.approvals, BOB)
    await door.approve(gate.approvals, waiting.proposal.id, BOB)

    failed, text = await call(gate, era, None, ("a", "c"))

    assert failed
    assert 'argument `statements` was \'["a","b"]\', is \'["a","c"]\'' in text
    assert gate.ran == []


async def test_a_changed_policy_after_approval_refuses_and_proposes_anew(
    gate: Gate, era: Era
) -> None:
    await call(gate, era, None)
    (waiting,) = await door.waiting(gate.approvals, BOB)
    await door.approve(gate.approvals, waiting.proposal.id, BOB)
    gate.policy = "policy-2"

    failed, text = await call(gate, era, Yes())

    assert failed
    assert "the policy was 'policy-1', is 'policy-2'" in text
    assert gate.ran == []


async def test_another_person_does_not_run_on_an_approval(gate: Gate, era: Era) -> None:
    await call(gate, era, None)
    (waiting,) = await door.waiting(gate.approvals, BOB)
    await door.approve(gate.approvals, waiting.proposal.id, BOB)
    gate.caller = replace(AGENT, subject="mallory")

    failed, _ = await call(gate, era, None)

    assert failed
    assert gate.ran == []


async def test_an_automatic_yes_never_runs_what_destroys(gate: Gate, era: Era) -> None:
    gate.risk = Risk.DESTROY
    forms = Yes()

    failed, text = await call(gate, era, forms)

    assert failed
    assert "cannot approve what is lost for good" in text
    assert (forms.shown, gate.ran, await only(gate)) == ([], [], State.OPEN)


async def test_a_trusted_surface_may_ask_about_what_destroys(gate: Gate, era: Era) -> None:
    gate.risk, gate.trusted = Risk.DESTROY, True

    failed, _ = await call(gate, era, Yes())

    assert not failed


async def test_no_form_stands_for_a_second_person(gate: Gate, era: Era) -> None:
    gate.four_eyes, gate.trusted = True, True
    forms = Yes()

    failed, text = await call(gate, era, forms)

    assert failed
    assert "Somebody other than alice" in text
    assert (forms.shown, gate.ran) == ([], [])


async def test_one_approved_round_replayed_runs_once(gate: Gate) -> None:
    arguments = {"statements": ["a"]}
    answers: InputResponses = {"approval": YES}
    forms = Yes()
    async with Client(server(gate), mode="auto", elicitation_callback=forms) as client:
        first = await client.session.call_tool(
            "run_statements", arguments, allow_input_required=True
        )
        assert isinstance(first, InputRequiredResult)
        replies = [
            await client.session.call_tool(
                "run_statements",
                arguments,
                input_responses=answers,
                request_state=first.request_state,
                allow_input_required=True,
            )
            for _ in range(3)
        ]

    assert gate.ran == [["a"]]
    assert "already used at" in str(replies[1])
    assert "already used at" in str(replies[2])


async def test_an_answer_to_a_round_does_not_carry_over_to_a_changed_policy(gate: Gate) -> None:
    arguments = {"statements": ["a"]}
    answers: InputResponses = {"approval": YES}
    forms = Yes()
    async with Client(server(gate), mode="auto", elicitation_callback=forms) as client:
        first = await client.session.call_tool(
            "run_statements", arguments, allow_input_required=True
        )
        assert isinstance(first, InputRequiredResult)
        gate.policy = "policy-2"
        second = await client.session.call_tool(
            "run_statements",
            arguments,
            input_responses=answers,
            request_state=first.request_state,
            allow_input_required=True,
        )

    assert "the policy was 'policy-1', is 'policy-2'" in str(second)
    assert gate.ran == []


async def test_an_answer_without_its_round_is_no_answer(gate: Gate) -> None:
    answers: InputResponses = {"approval": YES}
    forms = Yes()
    async with Client(server(gate), mode="auto", elicitation_callback=forms) as client:
        reply = await client.session.call_tool(
            "run_statements",
            {"statements": ["a"]},
            input_responses=answers,
            allow_input_required=True,
        )

    assert (isinstance(reply, InputRequiredResult), gate.ran) == (True, [])
