"""One query from outside: how it does, and its end on its owner's word."""

from contextlib import suppress
from functools import partial

import anyio.to_thread

from dragoman.answer.handover import Handover
from dragoman.answer.untrusted import Untrusted
from dragoman.auth.policy import Entity
from dragoman_presto.client import DIAGNOSE, Warehouse
from dragoman_presto.engine.errors import QueryForgotten
from dragoman_presto.engine.info import QueryInfo, in_bytes, in_seconds
from dragoman_presto.errors import NoSuchQuery
from dragoman_presto.mistakes.cause import Failure
from dragoman_presto.mistakes.messages import understood
from dragoman_presto.models import Ended, QueryState
from dragoman_presto.results.handle import NoSuchResult
from dragoman_presto.results.keeper import Query

_UNKNOWN = (
    "No query {} that you may look at is known here: it never was, it is another person's, or "
    "Presto has forgotten it, as it does minutes after the end. Look at the log of whoever ran it, "
    "or at the operator's query history."
)


async def state_of(warehouse: Warehouse, name: str) -> QueryState:
    """A query of the caller, or one that policy lets them diagnose. Raises NoSuchQuery."""
    query = _own(warehouse, name)
    query_id = query.query_id if query else name
    if query is None and (kept_id := await _kept(warehouse, name)):
        query_id = kept_id
    if query is not None and not query_id:
        return QueryState(query_id="", state="submitted")
    try:
        info = await warehouse.engine.info(query_id, warehouse.identity("get_query"))
    except QueryForgotten:
        raise NoSuchQuery(_UNKNOWN.format(query_id)) from None
    if query is None and not _may_see(warehouse, info):
        raise NoSuchQuery(_UNKNOWN.format(query_id))
    return _state(info, await _handle(warehouse, query))


async def cancelled(warehouse: Warehouse, name: str) -> Ended:
    """Ends a query of the caller's, wherever it is paged. Raises NoSuchQuery."""
    query = _own(warehouse, name)
    if query is not None:
        await warehouse.keeper.cancel(query)
        state = query.end.state if query.end else "cancelled"
        return Ended(query_id=query.query_id, state=state, rows=query.rows)
    store = warehouse.keeper.store
    result_id = warehouse.keeper.handles.open(name, warehouse.owner)
    kept = await anyio.to_thread.run_sync(partial(store.look, result_id))
    if kept is None:
        raise NoSuchQuery("This query is not known any more; nothing of it runs here.")
    if kept.end is None:
        await anyio.to_thread.run_sync(partial(store.unwant, result_id))
    state = kept.end.state if kept.end else "being cancelled"
    return Ended(query_id=kept.head.query_id, state=state, rows=kept.rows)


def _own(warehouse: Warehouse, name: str) -> Query | None:
    keeper = warehouse.keeper
    with suppress(NoSuchResult):
        name = keeper.handles.open(name, warehouse.owner)
    return keeper.of(warehouse.owner, name) if name else None


async def _kept(warehouse: Warehouse, handle: str) -> str:
    """The query id behind a handle whose query this replica does not page."""
    try:
        result_id = warehouse.keeper.handles.open(handle, warehouse.owner)
    except NoSuchResult:
        return ""
    kept = await anyio.to_thread.run_sync(partial(warehouse.keeper.store.look, result_id))
    return kept.head.query_id if kept else ""


def _may_see(warehouse: Warehouse, info: QueryInfo) -> bool:
    """One's own, or one of a service user that policy names."""
    user = info.session.user
    if user == warehouse.caller.subject and warehouse.coordinator.user_mode == "impersonation":
        return True
    if f"user:{warehouse.caller.name}" in info.session.client_tags:
        return True
    entity = Entity("ServiceUser", user, {"instance": warehouse.coordinator.name})
    return bool(user) and warehouse.permits(DIAGNOSE, entity)


async def _handle(warehouse: Warehouse, query: Query | None) -> Handover | None:
    if query is None or query.rows == 0:
        return None
    handle = await warehouse.keeper.give_away(query)
    return Handover(server="presto", tool="get_result", arguments={"handle": handle})


def _state(info: QueryInfo, more: Handover | None) -> QueryState:
    stats = info.query_stats
    error = info.error_code.name if info.error_code else ""
    failure = info.failure_info
    says = failure.message if failure and failure.message else ""
    advice = ""
    if error and info.error_code:
        advice = understood(Failure(error, info.error_code.type, says)).advice
    return QueryState(
        query_id=info.query_id,
        state=info.state.lower(),
        user=info.session.user,
        queued_s=round(in_seconds(stats.queued_time), 3),
        elapsed_s=round(in_seconds(stats.elapsed_time), 3),
        cpu_s=round(in_seconds(stats.total_cpu_time), 3),
        splits=f"{stats.completed_drivers}/{stats.total_drivers}",
        rows_read=stats.raw_input_positions,
        bytes_read=in_bytes(stats.raw_input_data_size),
        peak_memory_bytes=in_bytes(stats.peak_total_memory_reservation),
        resource_group=".".join(info.resource_group_id or ()),
        tables=sorted({f"{one.connector_id}.{one.schema}.{one.table}" for one in info.inputs}),
        error=error,
        says=Untrusted(says) if says else None,
        sql=Untrusted(info.query[:2_000]) if info.query else None,
        advice=advice,
        next=more,
    )
