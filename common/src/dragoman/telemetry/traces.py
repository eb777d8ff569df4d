"""Traces: the SDK opens a SERVER span for every message, this decides where it belongs.

W3C trace context can come in the HTTP header and in the message's `_meta`. The message wins;
where the header says something else, that stays as a link. A malformed context is as good as
none.
"""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Self, cast

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.propagate import set_global_textmap
from opentelemetry.propagators.textmap import CarrierT, Getter, default_getter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from dragoman.telemetry.collector import Collector
from dragoman.telemetry.record import Result

_FIELDS = frozenset({b"traceparent", b"tracestate"})


class Traces:
    """The process's spans; without a collector there are none, and they cost nothing.

    A caller's own trace id is seen in either case.
    """

    def __init__(self, provider: TracerProvider | None, collector: Collector | None) -> None:
        self.provider = provider
        self._processor = collector.span_processor() if collector and provider else None
        if self._processor is not None and provider is not None:
            provider.add_span_processor(self._processor)

    @classmethod
    def start(cls, server: str, collector: Collector | None) -> Self:
        """Makes a provider the process's, unless it has one already, which is then used."""
        set_global_textmap(TraceContext())
        found = trace.get_tracer_provider()
        if isinstance(found, TracerProvider):
            return cls(found, collector)
        if collector is None:
            return cls(None, None)
        made = TracerProvider(
            resource=Resource.create({"service.name": f"dragoman-{server}"}),
            sampler=ParentBased(ALWAYS_ON),
            shutdown_on_exit=False,
        )
        trace.set_tracer_provider(made)
        return cls(made, collector)

    def shutdown(self, seconds: float = 1.0) -> None:
        """Hands over what is left, for no longer than that; blocks."""
        if self._processor is not None:
            self._processor.stop(seconds)


class HeaderContext:
    """ASGI: the header's trace context surrounds the request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = header_context(scope["headers"]) if scope["type"] == "http" else None
        if context is None:
            await self._app(scope, receive, send)
            return
        token = attach(context)
        try:
            await self._app(scope, receive, send)
        finally:
            detach(token)


def header_context(headers: Iterable[tuple[bytes, bytes]]) -> Context | None:
    """The trace context of raw HTTP headers; nothing when absent, doubled or malformed."""
    carrier: MutableMapping[str, str] = {}
    for key, value in headers:
        if key in _FIELDS:
            field = key.decode()
            if field == "traceparent" and field in carrier:
                return None
            before = f"{carrier[field]}," if field in carrier else ""
            carrier[field] = before + value.decode("latin-1")
    return _context(carrier)


def link_header(headers: Headers) -> None:
    """Inside the SDK's span: if the header's context is not its parent, keeps it as a link."""
    span = trace.get_current_span()
    if not isinstance(span, ReadableSpan) or not span.is_recording():
        return
    context = header_context(headers.raw)
    if context is None:
        return
    header = trace.get_current_span(context).get_span_context()
    if span.parent is None or span.parent.span_id != header.span_id:
        span.add_link(header, {"dragoman.link": "http.traceparent"})


def current_trace_id() -> str:
    """32 hex digits; empty outside of any trace."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""


def trace_headers() -> dict[str, str]:
    """What a request to a backend carries, so that it stays in the caller's trace."""
    carrier: dict[str, str] = {}
    TraceContext().inject(carrier)
    return carrier


def mark(call_id: str, result: Result) -> None:
    """Gives the message's span the call's end in the journal's and the metrics' own word."""
    span = trace.get_current_span()
    span.set_attribute("dragoman.call.id", call_id)
    span.set_attribute("dragoman.result", result)


def _context(carrier: Mapping[str, str]) -> Context | None:
    if "traceparent" not in carrier:
        return None
    context = TraceContext().extract(carrier, Context())
    return context if trace.get_current_span(context).get_span_context().is_valid else None


class TraceContext(TraceContextTextMapPropagator):
    """W3C trace context from carriers that a client filled: what is not text is not there.

    Baggage is left out: nothing here reads it, and a client's words are not carried upstream.
    """

    def extract(
        self,
        carrier: CarrierT,
        context: Context | None = None,
        getter: Getter[CarrierT] = default_getter,  # pyright: ignore[reportArgumentType] # as its base
    ) -> Context:
        return super().extract(carrier, context, _Texts(getter))


class _Texts(Getter[CarrierT]):
    def __init__(self, getter: Getter[CarrierT]) -> None:
        self._getter = getter

    def get(self, carrier: CarrierT, key: str) -> list[str] | None:
        found: object = self._getter.get(carrier, key)
        values = cast("list[object]", found) if isinstance(found, list) else []
        texts = [value for value in values if isinstance(value, str)]
        many = key == "traceparent" and len(values) > 1
        return texts if texts and len(texts) == len(values) and not many else None

    def keys(self, carrier: CarrierT) -> list[str]:
        return self._getter.keys(carrier)
