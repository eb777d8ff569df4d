"""Drives an ASGI application in process with 2026-07-28 tool calls: no sockets, no client."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from starlette.types import ASGIApp, Message

Asgi = ASGIApp
VERSION = "2026-07-28"


def call_body(tool: str, arguments: dict[str, Any]) -> bytes:
    """The JSON-RPC body of one tools/call."""
    return json.dumps(
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {
                "name": tool,
                "arguments": arguments,
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": VERSION,
                    "io.modelcontextprotocol/clientCapabilities": {},
                },
            },
        }
    ).encode()


def headers(tool: str, token: str = "") -> list[tuple[bytes, bytes]]:
    """The headers that such a call needs."""
    found = [
        (b"host", b"127.0.0.1:8931"),
        (b"content-type", b"application/json"),
        (b"accept", b"application/json, text/event-stream"),
        (b"mcp-protocol-version", VERSION.encode()),
        (b"mcp-method", b"tools/call"),
        (b"mcp-name", tool.encode()),
    ]
    return [*found, (b"authorization", f"Bearer {token}".encode())] if token else found


async def post(app: Asgi, given: list[tuple[bytes, bytes]], body: bytes) -> dict[str, Any]:
    """The JSON answer; asserts status 200."""
    sent: list[Message] = []
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if not waiting:
            await anyio.sleep_forever()
        return waiting.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/mcp",
        "raw_path": b"/mcp",
        "query_string": b"",
        "root_path": "",
        "headers": given,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8931),
    }
    await app(scope, receive, send)
    answer = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
    assert sent[0]["status"] == 200, answer
    decoded: dict[str, Any] = json.loads(answer)
    assert "result" in decoded, answer
    assert not decoded["result"].get("isError"), answer
    return decoded["result"]


async def cpu_of(work: Callable[[], Awaitable[object]], *, at_once: int, calls: int) -> float:
    """CPU seconds of the process (all threads) for one of `calls`, `at_once` of them in flight."""
    before = time.process_time()
    for _ in range(calls // at_once):
        await asyncio.gather(*(work() for _ in range(at_once)))
    return (time.process_time() - before) / calls
