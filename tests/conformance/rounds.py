"""Tools and a prompt of the 2026-07-28 era: they return questions and are called again."""

from typing import Any

from contents import text
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.prompts.base import Message, UserMessage
from mcp.types import (
    CallToolResult,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequest,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
)

Answer = CallToolResult | InputRequiredResult


def form(message: str, field: str, kind: str = "string") -> ElicitRequest:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {field: {"type": kind}},
        "required": [field],
    }
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def sample(prompt: str) -> CreateMessageRequest:
    said = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[said], max_tokens=100))


def ask(state: str | None, **questions: InputRequest) -> InputRequiredResult:
    return InputRequiredResult(input_requests=questions, request_state=state)


def given(ctx: Context[Any], *names: str) -> bool:
    """Whether every one of these questions has been answered."""
    return set(names) <= set(ctx.input_responses or {})


async def test_input_required_result_elicitation(ctx: Context[Any]) -> Answer:
    """Asks for a name."""
    answer = (ctx.input_responses or {}).get("user_name")
    if isinstance(answer, ElicitResult):
        return text(f"Hello, {(answer.content or {}).get('name')}!")
    return ask(None, user_name=form("What is your name?", "name"))


async def test_input_required_result_sampling(ctx: Context[Any]) -> Answer:
    """Asks the client's model."""
    if given(ctx, "capital_question"):
        return text("The model has answered.")
    return ask(None, capital_question=sample("What is the capital of France?"))


async def test_input_required_result_list_roots(ctx: Context[Any]) -> Answer:
    """Asks for the client's roots."""
    if given(ctx, "client_roots"):
        return text(f"The roots are {(ctx.input_responses or {})['client_roots']}")
    return ask(None, client_roots=ListRootsRequest())


async def test_input_required_result_request_state(ctx: Context[Any]) -> Answer:
    """Finds its own state again in the second round."""
    if given(ctx, "confirm") and ctx.request_state == "asked":
        return text("state-ok")
    return ask("asked", confirm=form("Please confirm", "ok", "boolean"))


async def test_input_required_result_tampered_state(ctx: Context[Any]) -> Answer:
    """Never sees a state that was changed on the way: the seal is broken before."""
    if given(ctx, "confirm") and ctx.request_state == "sealed":
        return text("The state is whole.")
    return ask("sealed", confirm=form("Please confirm", "ok", "boolean"))


async def test_input_required_result_multiple_inputs(ctx: Context[Any]) -> Answer:
    """Asks for three kinds of things at once."""
    if given(ctx, "user_name", "greeting", "client_roots"):
        return text("All three are here.")
    return ask(
        "three",
        user_name=form("What is your name?", "name"),
        greeting=sample("Generate a greeting"),
        client_roots=ListRootsRequest(),
    )


async def test_input_required_result_multi_round(ctx: Context[Any]) -> Answer:
    """Asks twice, one question after the other."""
    match ctx.request_state:
        case "first" if given(ctx, "step1"):
            return ask("second", step2=form("Step 2: What is your favorite color?", "color"))
        case "second" if given(ctx, "step2"):
            return text("Both steps are done.")
        case _:
            return ask("first", step1=form("Step 1: What is your name?", "name"))


async def test_input_required_result_capabilities(ctx: Context[Any]) -> Answer:
    """Asks only for what the client said it can do."""
    if ctx.input_responses:
        return text("Answered.")
    able = ctx.client_capabilities
    questions: dict[str, InputRequest] = {}
    if able and able.elicitation:
        questions["user_name"] = form("What is your name?", "name")
    if able and able.sampling:
        questions["greeting"] = sample("Generate a greeting")
    return InputRequiredResult(input_requests=questions)


async def test_input_required_result_prompt(
    ctx: Context[Any],
) -> list[Message] | InputRequiredResult:
    """A prompt that asks first."""
    answer = (ctx.input_responses or {}).get("user_context")
    if isinstance(answer, ElicitResult):
        return [UserMessage(f"Use this context: {(answer.content or {}).get('context')}")]
    return ask(None, user_context=form("What context should the prompt use?", "context"))


TOOLS = (
    test_input_required_result_elicitation,
    test_input_required_result_sampling,
    test_input_required_result_list_roots,
    test_input_required_result_request_state,
    test_input_required_result_tampered_state,
    test_input_required_result_multiple_inputs,
    test_input_required_result_multi_round,
    test_input_required_result_capabilities,
)
