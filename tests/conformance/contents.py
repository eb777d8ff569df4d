"""Tools that answer with each kind of content, and how they fail."""

from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import (
    AudioContent,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
)

# One red pixel, and a WAV file without a sample.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8"
    "z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
)
SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="


def text(words: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=words)])


def image() -> ImageContent:
    return ImageContent(type="image", data=PIXEL, mime_type="image/png")


def embedded(uri: str, words: str, mime_type: str = "text/plain") -> EmbeddedResource:
    resource = TextResourceContents(uri=uri, mime_type=mime_type, text=words)
    return EmbeddedResource(type="resource", resource=resource)


async def test_image_content() -> CallToolResult:
    """One image."""
    return CallToolResult(content=[image()])


async def test_audio_content() -> CallToolResult:
    """One sound."""
    sound = AudioContent(type="audio", data=SILENCE, mime_type="audio/wav")
    return CallToolResult(content=[sound])


async def test_embedded_resource() -> CallToolResult:
    """One resource inside the answer."""
    return CallToolResult(content=[embedded("test://embedded-resource", "What is embedded.")])


async def test_multiple_content_types() -> CallToolResult:
    """Text, an image and a resource in one answer."""
    mixed = embedded("test://mixed-content-resource", '{"mixed": true}', "application/json")
    words = TextContent(type="text", text="Three kinds of content:")
    return CallToolResult(content=[words, image(), mixed])


async def test_error_handling() -> CallToolResult:
    """Always fails."""
    raise ToolError("This tool always fails, so that a client can see how that reads.")


TOOLS = (
    test_image_content,
    test_audio_content,
    test_embedded_resource,
    test_multiple_content_types,
    test_error_handling,
)
