"""The tools that need nothing below `@tool`: declared as a domain server declares its own."""

import anyio
from pydantic import BaseModel

from dragoman.risk import Risk
from dragoman.tool import Progress, tool

ACTION = "conformance.read"


class Words(BaseModel):
    text: str


@tool(risk=Risk.READ, policy=ACTION, minutes_saved=0)
async def test_simple_text() -> Words:
    """One line of text."""
    return Words(text="A simple text.")


@tool(risk=Risk.READ, policy=ACTION, minutes_saved=0)
async def test_tool_with_progress(progress: Progress) -> Words:
    """Tells three times how far it is."""
    for done in (0, 50, 100):
        await progress(done, 100)
        await anyio.sleep(0.05)
    return Words(text="Done.")


FUNCTIONS = (test_simple_text, test_tool_with_progress)
