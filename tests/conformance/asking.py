"""Tools that ask the client while they run: sampling and forms, in the handshake era."""

from typing import Annotated, Any, Literal

from contents import text
from mcp.server.mcpserver import Context, Elicit, ElicitationResult, Resolve
from mcp.server.mcpserver.resolve import Sample
from mcp.types import CallToolResult, CreateMessageResult, SamplingMessage, TextContent
from pydantic import BaseModel, Field


class Person(BaseModel):
    username: str = Field(description="How you are called")
    email: str = Field(description="Where you read mail")


class Preset(BaseModel):
    name: str = "John Doe"
    age: int = 30
    score: float = 95.5
    status: Literal["active", "inactive", "pending"] = "active"
    verified: bool = True


_OPTIONS = ["option1", "option2", "option3"]
_TITLED = [
    {"const": f"value{number}", "title": f"{ordinal} option"}
    for number, ordinal in enumerate(("First", "Second", "Third"), start=1)
]
CHOICES: dict[str, Any] = {
    "type": "object",
    "properties": {
        "untitledSingle": {"type": "string", "enum": _OPTIONS},
        "titledSingle": {"type": "string", "oneOf": _TITLED},
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option one", "Option two", "Option three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": _OPTIONS}},
        "titledMulti": {"type": "array", "items": {"anyOf": _TITLED}},
    },
}


async def _complete(prompt: str) -> Sample:
    said = TextContent(type="text", text=prompt)
    return Sample([SamplingMessage(role="user", content=said)], max_tokens=100)


async def _capital() -> Sample:
    return await _complete("What is the capital of France?")


async def _person(message: str) -> Elicit[Person]:
    return Elicit(message, Person)


async def _preset() -> Elicit[Preset]:
    return Elicit("Please check these values.", Preset)


async def test_sampling(
    prompt: str, answer: Annotated[CreateMessageResult, Resolve(_complete)]
) -> CallToolResult:
    """Has the client's model answer a prompt."""
    return text(f"The model said after {len(prompt)} letters: {answer.content}")


async def test_missing_capability(
    answer: Annotated[CreateMessageResult, Resolve(_capital)],
) -> CallToolResult:
    """Cannot do without the client's model."""
    return text(f"The model said: {answer.content}")


async def test_elicitation(
    message: str, answer: Annotated[ElicitationResult[Person], Resolve(_person)]
) -> CallToolResult:
    """Asks for a name and an address."""
    return text(f"To {message!r} the answer was: {answer}")


async def test_elicitation_sep1034_defaults(
    answer: Annotated[ElicitationResult[Preset], Resolve(_preset)],
) -> CallToolResult:
    """Asks with a default for each primitive type."""
    return text(f"The answer was: {answer}")


async def test_elicitation_sep1330_enums(ctx: Context[Any]) -> CallToolResult:
    """Asks with each shape of a choice, which no pydantic model renders all of."""
    answer = await ctx.session.elicit_form(
        "Please choose.", CHOICES, related_request_id=ctx.request_id
    )
    return text(f"The answer was {answer.action}: {answer.content}")


async def test_streaming_elicitation(
    answer: Annotated[ElicitationResult[Preset], Resolve(_preset)],
) -> CallToolResult:
    """Asks on its own stream, never beside it."""
    return text(f"The answer was: {answer}")


TOOLS = (
    test_sampling,
    test_missing_capability,
    test_elicitation,
    test_elicitation_sep1034_defaults,
    test_elicitation_sep1330_enums,
    test_streaming_elicitation,
)
