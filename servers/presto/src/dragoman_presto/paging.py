"""Rows of a kept result, from this replica's memory or from the store of all."""

from functools import partial

import anyio
import anyio.to_thread

from dragoman_presto.asking import fitting, told, with_more
from dragoman_presto.client import Warehouse
from dragoman_presto.engine.pages import Column
from dragoman_presto.engine.values import exact_rows
from dragoman_presto.errors import NoSuchQuery
from dragoman_presto.models import Rows
from dragoman_presto.results.keeper import Query
from dragoman_presto.results.store import Kept

_WAIT_SECONDS = 10.0
_GONE = "This result has run out or was never kept; run the query again."


async def page(warehouse: Warehouse, handle: str, first: int, count: int, max_tokens: int) -> Rows:
    """Rows `first` to `first + count - 1` as far as they are there and fit.

    Raises NoSuchResult for a handle of anybody else, NoSuchQuery once it has run out.
    """
    keeper = warehouse.keeper
    result_id = keeper.handles.open(handle, warehouse.owner)
    known = keeper.queries.get(result_id)
    if known is not None:
        await _more_than(known, first)
    kept = await anyio.to_thread.run_sync(partial(keeper.store.look, result_id))
    if kept is None:
        raise NoSuchQuery(_GONE)
    columns = tuple(Column(name, kind) for name, kind in kept.head.columns)
    raw = await anyio.to_thread.run_sync(partial(keeper.store.rows, result_id, kept, first, count))
    rows = fitting(exact_rows(columns, raw), columns, max_tokens)
    answer = Rows(
        query_id=kept.head.query_id or (known.query_id if known else ""),
        state=kept.end.state if kept.end else "running",
        columns=[f"{column.name} {column.type}" for column in columns],
        rows=rows,
        first=first,
        known_rows=kept.rows,
        cut=_cut(kept),
        stats=told(known.stats) if known else "",
        handle=handle,
    )
    if kept.end is not None and first + len(rows) >= kept.rows:
        return answer
    return with_more(answer, there=len(raw))


async def _more_than(query: Query, rows: int) -> None:
    """Until there are more rows or no more can come, so that nobody has to ask in a loop."""
    with anyio.move_on_after(_WAIT_SECONDS):
        while query.end is None and query.rows <= rows:
            await query.news()


def _cut(kept: Kept) -> str:
    if kept.end is None:
        return "the query still runs"
    return "" if kept.end.state == "finished" else kept.end.why
