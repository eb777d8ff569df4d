"""What a coordinator remembers of a query, for as long as it does."""

import re
from typing import TypeVar

import msgspec

from dragoman_presto.engine.errors import CoordinatorConfused, QueryForgotten
from dragoman_presto.engine.pages import Place, Warned
from dragoman_presto.engine.submit import Turns, again, threaded
from dragoman_presto.engine.wire import Wire

T = TypeVar("T", bound=msgspec.Struct)

QUERY_ID = re.compile(r"[a-z0-9_]{1,80}")

_BYTES = {unit: 1024**power for power, unit in enumerate(("B", "kB", "MB", "GB", "TB", "PB"))}
_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_QUANTITY = re.compile(r"([0-9.]+(?:E-?[0-9]+)?)([a-zA-Z]+)")


class Session(msgspec.Struct, rename="camel", frozen=True):
    """In whose name and with what a query ran."""

    user: str = ""
    source: str = ""
    catalog: str = ""
    schema: str = ""
    client_tags: tuple[str, ...] = ()
    trace_token: str | None = None
    system_properties: dict[str, str] = msgspec.field(default_factory=dict[str, str])


class QueryStats(msgspec.Struct, rename="camel", frozen=True):
    """Times and sizes with their units, as Presto writes them: 1.5m, 20.3MB."""

    create_time: str = ""
    end_time: str | None = None
    elapsed_time: str = "0s"
    queued_time: str = "0s"
    execution_time: str = "0s"
    total_cpu_time: str = "0s"
    total_blocked_time: str = "0s"
    total_tasks: int = 0
    total_drivers: int = 0
    queued_drivers: int = 0
    running_drivers: int = 0
    blocked_drivers: int = 0
    completed_drivers: int = 0
    peak_total_memory_reservation: str = "0B"
    raw_input_data_size: str = "0B"
    raw_input_positions: int = 0
    output_data_size: str = "0B"
    output_positions: int = 0
    spilled_data_size: str = "0B"
    progress_percentage: float | None = None


class ErrorCode(msgspec.Struct, rename="camel", frozen=True):
    name: str = ""
    type: str = ""
    retriable: bool = False


class FailureInfo(msgspec.Struct, rename="camel", frozen=True):
    message: str | None = None
    error_location: Place | None = None


class Input(msgspec.Struct, rename="camel", frozen=True):
    """A table that a query reads."""

    connector_id: str = ""
    schema: str = ""
    table: str = ""


class QueryInfo(msgspec.Struct, rename="camel", frozen=True):
    """A query's state and figures; SQL and messages are its user's text.

    Source: Presto REST, GET /v1/query/{queryId}. A finished query is forgotten after 15 minutes
    by default, sooner on a busy coordinator.
    """

    query_id: str
    state: str
    query: str = ""
    session: Session = Session()
    query_stats: QueryStats = QueryStats()
    resource_group_id: tuple[str, ...] | None = None
    query_type: str | None = None
    error_code: ErrorCode | None = None
    failure_info: FailureInfo | None = None
    warnings: tuple[Warned, ...] = ()
    inputs: tuple[Input, ...] = ()


async def read_info(wire: Wire, query_id: str, turns: Turns) -> QueryInfo:
    """The query, whoever's it is; raises QueryForgotten where the coordinator has none."""
    name = wire.coordinator.name
    if not QUERY_ID.fullmatch(query_id):
        raise QueryForgotten("A query id of Presto looks like 20261125_093000_00042_ab3de.")
    try:
        body = await again(
            lambda: threaded(lambda: wire.read(f"/v1/query/{query_id}"), turns.polling),
            wire.coordinator.retry_seconds,
        )
    except QueryForgotten as forgotten:
        raise QueryForgotten(
            f"Coordinator {name} does not know query {query_id}: it never did, or it has "
            "forgotten it. Finished queries are kept for minutes only; look at the log of whoever "
            "ran it, or at the operator's query history."
        ) from forgotten
    return _decoded(body, QueryInfo, name)


async def read_version(wire: Wire, turns: Turns) -> str:
    """Presto's version; raises CoordinatorProblem where nothing like a coordinator answers."""
    body = await threaded(lambda: wire.read("/v1/info"), turns.polling)
    return _decoded(body, _Server, wire.coordinator.name).node_version.version


def in_bytes(quantity: str) -> int:
    """`20.3MB` as bytes; 0 where it is no size."""
    return round(_scaled(quantity, _BYTES))


def in_seconds(quantity: str) -> float:
    """`1.5m` as seconds; 0 where it is no duration."""
    return _scaled(quantity, _SECONDS)


class _Version(msgspec.Struct, frozen=True):
    version: str


class _Server(msgspec.Struct, rename="camel", frozen=True):
    node_version: _Version


def _decoded(body: bytes, kind: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise CoordinatorConfused(
            f"What answers in place of coordinator {name} is not Presto, or speaks it wrongly. "
            "Tell its operator."
        ) from error


def _scaled(quantity: str, units: dict[str, int] | dict[str, float]) -> float:
    found = _QUANTITY.fullmatch(quantity)
    return float(found[1]) * units.get(found[2], 0) if found else 0.0
