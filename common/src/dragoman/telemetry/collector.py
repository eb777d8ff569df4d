"""The OpenTelemetry collector, if one is configured: it may be dead, and nothing else changes.

What it does not take is counted here and shown in /metrics. The audit journal does not go
this way.
"""

import os
from collections.abc import Mapping, Sequence
from threading import Lock, Thread
from typing import TYPE_CHECKING, Literal, Self

from opentelemetry.context import Context
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.trace import Event, ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status

from dragoman.answer.redact import redact

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricReader

Signal = Literal["metrics", "traces"]
_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_QUEUED = 2048


class Collector:
    """Where metrics and spans are sent by OTLP over HTTP, in the background.

    `dropped` counts exports of metrics and single spans. `every` is in seconds.
    """

    def __init__(self, endpoint: str, *, every: float = 60.0, timeout: float = 10.0) -> None:
        self.dropped: dict[Signal, int] = {"metrics": 0, "traces": 0}
        self._endpoint = endpoint.rstrip("/")
        self._every = every
        self._timeout = timeout
        self._lock = Lock()

    @classmethod
    def configured(cls, environment: Mapping[str, str] = os.environ) -> Self | None:
        """The collector that OTEL_EXPORTER_OTLP_ENDPOINT names, if it does."""
        endpoint = environment.get(_ENDPOINT, "").strip()
        return cls(endpoint) if endpoint else None

    def drop(self, signal: Signal, count: int) -> None:
        with self._lock:
            self.dropped[signal] += count

    def metric_reader(self) -> "Reader":
        # Imported when used: the exporter costs a server without a collector half its start.
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: PLC0415
            OTLPMetricExporter,
        )

        exporter = OTLPMetricExporter(f"{self._endpoint}/v1/metrics", timeout=self._timeout)
        return Reader(_Metrics(self, exporter), self._every)

    def span_processor(self) -> "Spans":
        # Imported when used: see above.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )

        exporter = OTLPSpanExporter(f"{self._endpoint}/v1/traces", timeout=self._timeout)
        return Spans(self, exporter)


class Reader:
    """Reads the metrics now and then, and sends them."""

    def __init__(self, exporter: "_Metrics", every: float) -> None:
        self.reader: MetricReader = PeriodicExportingMetricReader(exporter, every * 1000)

    def stop(self, seconds: float) -> None:
        _within(seconds, Thread(target=self._shutdown, args=(seconds * 1000,), daemon=True))

    def _shutdown(self, milliseconds: float) -> None:
        self.reader.shutdown(milliseconds)  # pyright: ignore[reportUnknownMemberType] # **kwargs


class Spans(SpanProcessor):
    """Sends spans in batches; beyond a full queue they are dropped, and counted."""

    def __init__(self, collector: Collector, exporter: SpanExporter) -> None:
        self._collector = collector
        self._exporter = _Spans(collector, exporter)
        self._batches = BatchSpanProcessor(self._exporter, max_queue_size=_QUEUED)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self._batches.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        if self._exporter.waiting >= _QUEUED:
            self._collector.drop("traces", 1)
            return
        self._exporter.queued(1)
        self._batches.on_end(span)

    def stop(self, seconds: float) -> None:
        _within(seconds, Thread(target=self._batches.shutdown, daemon=True))
        self._exporter.shutdown()
        self._collector.drop("traces", self._exporter.waiting)

    def shutdown(self) -> None:
        self.stop(1.0)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._batches.force_flush(timeout_millis)


class _Spans(SpanExporter):
    def __init__(self, collector: Collector, exporter: SpanExporter) -> None:
        self.waiting = 0
        self._open = True
        self._collector = collector
        self._exporter = exporter
        self._lock = Lock()

    def queued(self, count: int) -> None:
        with self._lock:
            self.waiting += count

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export([_fit_to_leave(span) for span in spans])
        self.queued(-len(spans))
        if result is not SpanExportResult.SUCCESS:
            self._collector.drop("traces", len(spans))
        return result

    def shutdown(self) -> None:
        """Ends waiting for another try; the processor comes here, too, if it is not held up."""
        with self._lock:
            was_open, self._open = self._open, False
        if was_open:
            self._exporter.shutdown()


class _Metrics(MetricExporter):
    def __init__(self, collector: Collector, exporter: MetricExporter) -> None:
        super().__init__()
        self._collector = collector
        self._exporter = exporter

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **_: object
    ) -> MetricExportResult:
        result = self._exporter.export(  # pyright: ignore[reportUnknownMemberType] # **kwargs
            metrics_data, timeout_millis
        )
        if result is not MetricExportResult.SUCCESS:
            self._collector.drop("metrics", 1)
        return result

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return self._exporter.force_flush(timeout_millis)

    def shutdown(self, timeout_millis: float = 30_000, **_: object) -> None:
        self._exporter.shutdown(  # pyright: ignore[reportUnknownMemberType] # **kwargs
            timeout_millis
        )


def _fit_to_leave(span: ReadableSpan) -> ReadableSpan:
    """The span without exception texts and stack traces, and with secrets redacted."""
    status = span.status
    return ReadableSpan(
        redact(span.name),
        span.context,
        span.parent,
        span.resource,
        {
            name: redact(value) if isinstance(value, str) else value
            for name, value in (span.attributes or {}).items()
        },
        [_fit_event(event) for event in span.events],
        span.links,
        span.kind,
        status=Status(status.status_code, redact(status.description or "") or None),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _fit_event(event: Event) -> Event:
    known = event.attributes or {}
    kept = {name: known[name] for name in ("exception.type",) if name in known}
    return Event(event.name, kept, event.timestamp)


def _within(seconds: float, thread: Thread) -> None:
    """A collector that is silent keeps its thread, never the process: the thread is a daemon."""
    thread.start()
    thread.join(seconds)
