"""Asking: run a read, page its result, look at a query, cancel it."""

from typing import Annotated

from pydantic import Field

from dragoman.answer.budget import DEFAULT_TOKENS, MaxTokens
from dragoman.risk import Risk
from dragoman.tool import Backend, Progress, tool
from dragoman_presto.asking import Wanted, run
from dragoman_presto.client import QUERY, Warehouse
from dragoman_presto.models import Ended, QueryState, Rows
from dragoman_presto.paging import page
from dragoman_presto.watching import cancelled, state_of

Presto = Backend[Warehouse]
Sql = Annotated[str, Field(min_length=1, max_length=65_536)]
Handle = Annotated[str, Field(max_length=100)]


@tool(risk=Risk.READ, policy=QUERY, minutes_saved=5)
async def run_query(
    sql: Sql,
    presto: Presto,
    progress: Progress,
    rows: Annotated[int, Field(ge=1, le=10_000)] = 100,
    max_rows: Annotated[int, Field(ge=1)] = 100_000,
    instance: str = "",
    max_tokens: MaxTokens = DEFAULT_TOKENS,
) -> Rows:
    """Runs one read. Gives the first rows; the rest, up to max_rows, by handle with get_result.

    A long query goes on by handle. A failure names its cause and one fix. Writes are refused.
    """
    return await run(presto, sql, Wanted(rows, max_rows, max_tokens), progress)


@tool(risk=Risk.READ, policy=QUERY, minutes_saved=2)
async def get_result(
    handle: Handle,
    presto: Presto,
    first: Annotated[int, Field(ge=0)] = 0,
    rows: Annotated[int, Field(ge=1, le=10_000)] = 100,
    max_tokens: MaxTokens = DEFAULT_TOKENS,
) -> Rows:
    """Rows of your own result from row `first` on, also while its query runs."""
    return await page(presto, handle, first, rows, max_tokens)


@tool(risk=Risk.READ, policy=QUERY, minutes_saved=5)
async def get_query(query: Handle, presto: Presto, instance: str = "") -> QueryState:
    """State, queue, splits, rows, bytes and error of a query, by handle or query id; no rows."""
    return await state_of(presto, query)


@tool(risk=Risk.OWN, policy=QUERY, minutes_saved=1)
async def cancel_query(query: Handle, presto: Presto, instance: str = "") -> Ended:
    """Ends your own running query, by handle or query id; rows read so far stay."""
    return await cancelled(presto, query)
