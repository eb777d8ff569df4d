import socket
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Thread

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from dragoman.telemetry.collector import Collector
from dragoman.telemetry.metrics import Metrics
from dragoman.telemetry.traces import Traces

FOREVER = 3600.0


class FakeCollector(ThreadingHTTPServer):
    """Answers every export with one status, and keeps the paths it was asked for."""

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = status
        self.paths: SimpleQueue[str] = SimpleQueue()
        self.bodies: SimpleQueue[bytes] = SimpleQueue()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FakeCollector  # pyright: ignore[reportIncompatibleVariableOverride] # its own server

    def do_POST(self) -> None:
        self.server.bodies.put(self.rfile.read(int(self.headers["content-length"])))
        self.server.paths.put(self.path)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # its own name
        del format, args


def serve(status: int) -> Iterator[FakeCollector]:
    with FakeCollector(status) as collector:
        Thread(target=collector.serve_forever, daemon=True).start()
        yield collector
        collector.shutdown()


@pytest.fixture
def healthy() -> Iterator[FakeCollector]:
    yield from serve(200)


@pytest.fixture
def refusing() -> Iterator[FakeCollector]:
    yield from serve(400)


@pytest.fixture
def silent() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def dead() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"


def one_of_each(collector: Collector) -> None:
    """Exports metrics and a span, and waits for both exports to end."""
    reader, spans = collector.metric_reader(), collector.span_processor()
    meters = MeterProvider([reader.reader], shutdown_on_exit=False)
    meters.get_meter("test").create_counter("calls").add(1)
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(spans)
    tracers.get_tracer("test").start_span("call").end()

    meters.force_flush()
    spans.force_flush()
    reader.stop(5)
    spans.stop(5)


def shown(collector: Collector) -> dict[str, float]:
    """What /metrics says was dropped, by signal."""
    metrics = Metrics("spark", collector=collector)
    text = metrics.prometheus_text().decode()
    metrics.shutdown(0)
    found = [line for line in text.splitlines() if line.startswith("dragoman_telemetry_dropped")]
    return {line.split('"')[1]: float(line.split()[-1]) for line in found}


def test_a_collector_gets_metrics_and_spans(healthy: FakeCollector) -> None:
    collector = Collector(healthy.url)

    one_of_each(collector)

    assert {healthy.paths.get(), healthy.paths.get()} == {"/v1/metrics", "/v1/traces"}
    assert collector.dropped == {"metrics": 0, "traces": 0}


def test_a_span_leaves_without_secrets_and_exception_texts(healthy: FakeCollector) -> None:
    spans = Collector(healthy.url).span_processor()
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(spans)

    with suppress(ValueError), tracers.get_tracer("test").start_as_current_span("call") as span:
        span.set_attribute("note", "password=hunter2secret")
        raise ValueError("password=hunter2secret in rows of alice")
    spans.stop(5)

    body = healthy.bodies.get()
    assert b"exception.type" in body
    assert b"hunter2secret" not in body
    assert b"Traceback" not in body


def test_what_a_refusing_collector_does_not_take_is_counted_in_sight(
    refusing: FakeCollector,
) -> None:
    collector = Collector(refusing.url)

    one_of_each(collector)

    dropped = shown(collector)
    assert dropped["metrics"] >= 1
    assert dropped["traces"] == 1


def test_what_a_dead_collector_does_not_take_is_counted_in_sight(dead: str) -> None:
    collector = Collector(dead, timeout=0.05)

    one_of_each(collector)

    dropped = shown(collector)
    assert dropped["metrics"] >= 1
    assert dropped["traces"] == 1


def test_a_silent_collector_holds_up_neither_calls_nor_the_end(silent: str) -> None:
    collector = Collector(silent, timeout=FOREVER)
    metrics = Metrics("spark", collector=collector)
    provider = TracerProvider(shutdown_on_exit=False)
    traces = Traces(provider, collector)
    tracer = provider.get_tracer("test")

    for _ in range(5000):
        metrics.tool_call("get_overview", "read", "success")
        tracer.start_span("call").end()
    metrics.shutdown(0.1)
    traces.shutdown(0.1)

    assert collector.dropped["traces"] == 5000
    assert b"dragoman_tool_calls_total" in metrics.prometheus_text()


def test_there_is_no_collector_unless_one_is_configured() -> None:
    assert Collector.configured({}) is None
    assert Collector.configured({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}) is None
    assert Collector.configured({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"})
