"""The prompts, and what completes their arguments."""

from typing import Annotated, Any

from contents import embedded, image
from mcp.server import MCPServer
from mcp.server.mcpserver.prompts.base import Message, Prompt, UserMessage
from mcp.types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)
from pydantic import Field
from rounds import test_input_required_result_prompt


async def test_simple_prompt() -> list[Message]:
    """A prompt without arguments."""
    return [UserMessage("This is a simple prompt.")]


async def test_prompt_with_arguments(
    arg1: Annotated[str, Field(description="First argument")],
    arg2: Annotated[str, Field(description="Second argument")],
) -> list[Message]:
    """A prompt that repeats its arguments."""
    return [UserMessage(f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")]


async def test_prompt_with_embedded_resource(
    resourceUri: Annotated[str, Field(description="What to embed")],  # noqa: N803  # the suite's
) -> list[Message]:
    """A prompt with a resource inside."""
    return [
        UserMessage(embedded(resourceUri, "What is embedded in the prompt.")),
        UserMessage("Please process the embedded resource above."),
    ]


async def test_prompt_with_image() -> list[Message]:
    """A prompt with an image inside."""
    return [UserMessage(image()), UserMessage("Please analyze the image above.")]


async def complete(
    ref: PromptReference | ResourceTemplateReference,
    argument: CompletionArgument,
    context: CompletionContext | None,
) -> Completion:
    """Cities that begin as the argument does."""
    del ref, context
    cities = [city for city in ("paris", "prague", "porto") if city.startswith(argument.value)]
    return Completion(values=cities, total=len(cities), has_more=False)


PROMPTS = (
    test_simple_prompt,
    test_prompt_with_arguments,
    test_prompt_with_embedded_resource,
    test_prompt_with_image,
    test_input_required_result_prompt,
)


def register(mcp: MCPServer[Any]) -> None:
    for function in PROMPTS:
        mcp.add_prompt(Prompt.from_function(function))
    mcp.completion()(complete)
