"""The resources, one of which is a template."""

import base64
import json
from typing import Any

from contents import PIXEL
from mcp.server import MCPServer

TEXT = "test://static-text"
BINARY = "test://static-binary"
WATCHED = "test://watched-resource"
TEMPLATE = "test://template/{id}/data"

URIS = (TEXT, BINARY, WATCHED, TEMPLATE)


async def static_text() -> str:
    """A text."""
    return "The content of the static text resource."


async def static_binary() -> bytes:
    """An image."""
    return base64.b64decode(PIXEL)


async def watched() -> str:
    """A text that clients may subscribe to."""
    return "Watch this."


async def template(id: str) -> str:  # noqa: A002  # the suite names the parameter
    """What is known about one number."""
    return json.dumps({"id": id, "templateTest": True, "data": f"Data of {id}"})


def register(mcp: MCPServer[Any]) -> None:
    mcp.resource(TEXT, mime_type="text/plain")(static_text)
    mcp.resource(BINARY, mime_type="image/png")(static_binary)
    mcp.resource(WATCHED, mime_type="text/plain")(watched)
    mcp.resource(TEMPLATE, mime_type="application/json")(template)
