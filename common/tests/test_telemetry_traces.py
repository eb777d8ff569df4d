"""The SDK's spans under every mix of header and message context, on a real SDK server."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider

from dragoman.telemetry.traces import Traces, current_trace_id, header_context, mark, trace_headers

# A process of its own: OpenTelemetry's provider can be set once in a process.
SERVER = """
import asyncio, json, logging, sys
import httpx2
from mcp.server import MCPServer
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from dragoman.telemetry.traces import HeaderContext, Traces, current_trace_id, link_header

kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)
Traces.start("fixture", None)

async def link(ctx, call_next):
    link_header(ctx.request.headers)
    return await call_next(ctx)

mcp = MCPServer("fixture", middleware=[link], log_level="ERROR")
logging.disable()

@mcp.tool()
async def where() -> str:
    return current_trace_id()

def seen(span):
    parent = format(span.parent.span_id, "016x") if span.parent else ""
    return parent, [format(link.context.span_id, "016x") for link in span.links]

async def call(client, headers, meta):
    era = "io.modelcontextprotocol/"
    meta = {era + "protocolVersion": "2026-07-28", era + "clientCapabilities": {}, **meta}
    params = {"name": "where", "arguments": {}, "_meta": meta}
    kept.clear()
    answer = await client.post(
        "/mcp",
        content=json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}),
        headers=[
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", "where"),
            *map(tuple, headers),
        ],
    )
    spans = [seen(span) for span in kept.get_finished_spans() if span.name == "tools/call where"]
    return answer.json().get("result", {}).get("content", [{}])[0].get("text"), spans

async def main():
    app = HeaderContext(mcp.streamable_http_app())
    transport = httpx2.ASGITransport(app)
    async with mcp.session_manager.run(), httpx2.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8000"
    ) as client:
        for line in sys.stdin:
            print(json.dumps(await call(client, *json.loads(line))), flush=True)

asyncio.run(main())
"""
HEADER = "00-11111111111111111111111111111111-1111111111111111-01"
MESSAGE = "00-22222222222222222222222222222222-2222222222222222-01"
IN_HEADER, IN_MESSAGE = "1" * 16, "2" * 16


@dataclass(frozen=True)
class Span:
    """What a call's tool saw as its trace, and the parent and links of the call's span."""

    trace: str
    parent: str
    links: list[str]


Call = Callable[[list[tuple[str, str]], dict[str, Any]], Span]


def exchange(process: subprocess.Popen[str], headers: object, meta: object) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([headers, meta]) + "\n")
    return json.loads(process.stdout.readline())


@pytest.fixture(scope="module")
def call() -> Iterator[Call]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:

        def call(headers: list[tuple[str, str]], meta: dict[str, Any]) -> Span:
            trace, [(parent, links)] = exchange(process, headers, meta)
            return Span(trace, parent, links)

        yield call


def test_a_header_alone_is_the_parent(call: Call) -> None:
    span = call([("traceparent", HEADER)], {})

    assert span == Span("1" * 32, IN_HEADER, [])


def test_a_message_alone_is_the_parent(call: Call) -> None:
    span = call([], {"traceparent": MESSAGE})

    assert span == Span("2" * 32, IN_MESSAGE, [])


def test_the_message_wins_and_another_header_stays_as_a_link(call: Call) -> None:
    span = call([("traceparent", HEADER)], {"traceparent": MESSAGE})

    assert span == Span("2" * 32, IN_MESSAGE, [IN_HEADER])


def test_the_same_context_twice_is_no_link(call: Call) -> None:
    span = call([("traceparent", HEADER)], {"traceparent": HEADER})

    assert span == Span("1" * 32, IN_HEADER, [])


@pytest.mark.parametrize(
    "headers",
    [
        [("traceparent", "junk")],
        [("traceparent", "00-" + "0" * 32 + "-" + "0" * 16 + "-01")],
        [("traceparent", HEADER), ("traceparent", MESSAGE)],
        [("traceparent", "")],
        [("tracestate", "a=b")],
    ],
)
def test_a_malformed_header_is_as_good_as_none(call: Call, headers: list[tuple[str, str]]) -> None:
    span = call(headers, {})

    assert len(span.trace) == 32
    assert (span.parent, span.links) == ("", [])


@pytest.mark.parametrize(
    "meta",
    [
        {"traceparent": "junk"},
        {"traceparent": 5},
        {"traceparent": [HEADER, MESSAGE]},
        {"traceparent": {"a": 1}},
        {"traceparent": None, "tracestate": [None]},
        {"traceparent": "\ud800", "baggage": "\ud800"},
        {"baggage": 5},
        {"baggage": {"a": []}, "tracestate": 7},
    ],
)
def test_a_malformed_message_context_never_fails_a_call(call: Call, meta: dict[str, Any]) -> None:
    span = call([("traceparent", HEADER)], meta)

    assert span == Span("1" * 32, IN_HEADER, [])


def test_malformed_state_and_baggage_do_not_hide_a_good_parent(call: Call) -> None:
    span = call([], {"traceparent": MESSAGE, "tracestate": {"a": 1}, "baggage": 5})

    assert span == Span("2" * 32, IN_MESSAGE, [])


def test_without_a_collector_a_call_has_the_trace_id_that_its_client_gives() -> None:
    Traces.start("fixture", None)
    tracer = trace.get_tracer("test")
    client = header_context([(b"traceparent", HEADER.encode())])

    with tracer.start_as_current_span("call", client):
        clients = current_trace_id()

    assert clients == "1" * 32
    assert current_trace_id() == ""


def test_a_request_to_a_backend_stays_in_the_callers_trace() -> None:
    Traces.start("fixture", None)
    client = header_context([(b"traceparent", HEADER.encode())])

    with trace.get_tracer("test").start_as_current_span("call", client):
        headers = trace_headers()

    assert headers["traceparent"].split("-")[1] == "1" * 32


def test_a_span_says_how_its_call_ended() -> None:
    with TracerProvider().get_tracer("test").start_as_current_span("call") as span:
        mark("c1", "timed_out")

    assert isinstance(span, ReadableSpan)
    assert span.attributes == {"dragoman.call.id": "c1", "dragoman.result": "timed_out"}
