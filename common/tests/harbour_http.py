"""Raw requests to the harbour in both protocol eras."""

from typing import Any

import httpx2

from dragoman.testing import Served

SAILOR = {"groups": ["sailors"]}
CAPTAIN = {"groups": ["sailors", "captains"]}


def call(tool: str, arguments: object = None) -> dict[str, Any]:
    """A tools/call of 2026-07-28: body and headers."""
    meta: dict[str, object] = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": tool, "arguments": arguments or {}, "_meta": meta}
    return {
        "json": {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params},
        "headers": {
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call",
            "mcp-name": tool,
        },
    }


async def post(
    http: httpx2.AsyncClient, request: dict[str, Any], headers: dict[str, str]
) -> httpx2.Response:
    return await http.post("/mcp", json=request["json"], headers=request["headers"] | headers)


async def legacy(
    world: Served, headers: dict[str, str], method: str, params: object, session: str = ""
) -> httpx2.Response:
    usual = {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2025-11-25",
    }
    named = {"mcp-session-id": session} if session else {}
    body: dict[str, object] = {"jsonrpc": "2.0", "method": method, "params": params}
    if not method.startswith("notifications/"):
        body["id"] = 1
    return await world.http.post("/mcp", json=body, headers=usual | named | headers)
