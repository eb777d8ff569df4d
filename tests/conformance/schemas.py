"""Tools whose input schema is what matters: JSON Schema 2020-12 words, and a mirrored header."""

from typing import Annotated, Any

from contents import text
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.types import CallToolResult
from pydantic import Field

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


async def json_schema_2020_12_tool(name: str = "") -> CallToolResult:
    """Its published schema uses what pydantic never writes."""
    return text(f"Hello {name}.")


async def test_mirrored_header(
    region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})],
) -> CallToolResult:
    """Its argument is repeated in the header Mcp-Param-Region."""
    return text(f"Region {region}.")


async def publish_schema(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Puts the schema into the list: the SDK makes schemas from signatures alone."""
    result = await call_next(ctx)
    if ctx.method == "tools/list" and isinstance(result, dict):
        for tool in result["tools"]:
            if tool["name"] == json_schema_2020_12_tool.__name__:
                tool["inputSchema"] = SCHEMA
    return result


TOOLS = (json_schema_2020_12_tool, test_mirrored_header)
