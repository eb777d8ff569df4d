"""What a server counts. Labels come from closed sets; no person is ever one."""

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import Literal

from opentelemetry.context import Context
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry, generate_latest

from dragoman.telemetry.collector import Collector
from dragoman.telemetry.journal import Journal

Approval = Literal["asked", "accepted", "declined", "declined_by_client", "expired", "refused"]
_APPROVALS: tuple[Approval, ...] = (
    "asked",
    "accepted",
    "declined",
    "declined_by_client",
    "expired",
    "refused",
)
_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)
_MOST_VALUES = 200
_NOWHERE = Context()


class Metrics:
    """The metrics of one server, on a registry of its own.

    `tools` are the names it has; any other becomes "unknown".
    """

    def __init__(
        self,
        server: str,
        *,
        tools: Iterable[str] | None = None,
        collector: Collector | None = None,
    ) -> None:
        self._server = server
        self._collector = collector
        self._tools = _Values(tools)
        self._methods, self._errors, self._reasons = _Values(None), _Values(None), _Values(None)
        self._registry = CollectorRegistry()
        prometheus = PrometheusMetricReader(scope_info_enabled=False, registry=self._registry)
        self._otlp = collector.metric_reader() if collector else None
        readers: list[MetricReader] = [prometheus]
        if self._otlp is not None:
            readers.append(self._otlp.reader)
        self._provider = MeterProvider(
            readers,
            Resource.create({"service.name": f"dragoman-{server}"}),
            exemplar_filter=AlwaysOffExemplarFilter(),
            shutdown_on_exit=False,
        )
        self._meter = self._provider.get_meter("dragoman")
        self._instruments()

    def _instruments(self) -> None:
        meter = self._meter
        self._duration = meter.create_histogram(
            "mcp.server.operation.duration",
            "s",
            "How long the server took for a message",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._calls = Tally(
            meter, "dragoman.tool.calls", "Tool calls by their end", ("tool", "risk", "result")
        )
        self._approvals: Mapping[Approval, Tally] = {
            what: Tally(meter, f"dragoman.approval.{what}", f"Proposals {what}", ())
            for what in _APPROVALS
        }
        self._minutes = Tally(
            meter,
            "dragoman.minutes_saved",
            "Minutes claimed for successful calls, repeats included",
            ("server", "tool"),
        )
        self._policy_errors = Tally(
            meter, "dragoman.policy.errors", "Policies that erred, each a denial", ()
        )
        self._refused = Tally(
            meter,
            "dragoman.auth.refused",
            "Requests refused for their token or connection",
            ("reason",),
        )
        meter.create_observable_counter(
            "dragoman.telemetry.dropped",
            [self._dropped],
            "1",
            "Exports of metrics and spans that the collector did not take",
        )

    def operation(self, method: str, tool: str, seconds: float, error: str) -> None:
        """One message's duration; `error` is empty, `tool_error` or a JSON-RPC code."""
        labels = {"mcp.method.name": self._methods.bounded(method)}
        if tool:
            labels["gen_ai.tool.name"] = self._tools.bounded(tool)
        if error:
            labels["error.type"] = self._errors.bounded(error)
        self._duration.record(seconds, labels, _NOWHERE)

    def tool_call(self, tool: str, risk: str, result: str) -> None:
        """One call that has come to its end, or now waits for a person."""
        self._calls.add(1, self._tools.bounded(tool), risk, result)

    def approval(self, what: Approval) -> None:
        self._approvals[what].add(1)

    def minutes_saved(self, tool: str, minutes: float) -> None:
        """The claim for one successful call of a person's agent."""
        self._minutes.add(minutes, self._server, self._tools.bounded(tool))

    def policy_error(self) -> None:
        self._policy_errors.add(1)

    def refused_token(self, reason: str) -> None:
        """`reason` is one of a closed set, never the token's own words."""
        self._refused.add(1, self._reasons.bounded(reason))

    def watch(self, journal: Journal) -> None:
        """Shows the journal's health: 1 while it cannot be written, and what it lost."""

        def unhealthy(_: CallbackOptions) -> Iterable[Observation]:
            yield Observation(0 if journal.healthy else 1)

        def lost(_: CallbackOptions) -> Iterable[Observation]:
            yield Observation(journal.lost)

        self._meter.create_observable_gauge(
            "dragoman.audit.unhealthy", [unhealthy], "1", "1 while the journal cannot be written"
        )
        self._meter.create_observable_counter(
            "dragoman.audit.dropped", [lost], "1", "Records that could not be written"
        )

    def prometheus_text(self) -> bytes:
        """Everything in the Prometheus text format 0.0.4."""
        return generate_latest(self._registry)

    def shutdown(self, seconds: float = 1.0) -> None:
        """Hands over what is left, for no longer than that; blocks."""
        if self._otlp is not None:
            self._otlp.stop(seconds)

    def _dropped(self, _: CallbackOptions) -> Iterable[Observation]:
        if self._collector is not None:
            for signal, count in self._collector.dropped.items():
                yield Observation(count, {"signal": signal})


class Tally:
    """A counter that costs a call one addition; the meter reads it when somebody asks."""

    def __init__(self, meter: Meter, name: str, description: str, labels: Sequence[str]) -> None:
        self._labels = labels
        self._counts: dict[tuple[str, ...], float] = {} if labels else {(): 0}
        self._lock = Lock()
        meter.create_observable_counter(name, [self._read], "1", description)

    def add(self, amount: float, *values: str) -> None:
        with self._lock:
            self._counts[values] = self._counts.get(values, 0) + amount

    def _read(self, _: CallbackOptions) -> Iterable[Observation]:
        with self._lock:
            counts = list(self._counts.items())
        for values, count in counts:
            yield Observation(count, dict(zip(self._labels, values, strict=True)))


class _Values:
    """A label's values: the known ones, or else the first few; all others are "unknown"."""

    def __init__(self, known: Iterable[str] | None) -> None:
        self._open = known is None
        self._seen = set(known or ())

    def bounded(self, value: str) -> str:
        if value in self._seen:
            return value
        if self._open and len(self._seen) < _MOST_VALUES:
            self._seen.add(value)
            return value
        return "unknown"
