"""From a statement to its rows: gate, second lock, run, first page, and what went wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import anyio
from pydantic import JsonValue

from dragoman.answer.budget import Budget, tokens
from dragoman.answer.handover import Handover
from dragoman.answer.untrusted import Untrusted
from dragoman.tool import Progress
from dragoman_presto.client import Look, Warehouse
from dragoman_presto.engine.errors import EngineFailure
from dragoman_presto.engine.pages import Column, Stats
from dragoman_presto.engine.statement import Limits
from dragoman_presto.engine.values import exact_rows
from dragoman_presto.errors import NotRun
from dragoman_presto.failing import failed
from dragoman_presto.models import Rows, cell
from dragoman_presto.results.keeper import Query
from dragoman_presto.weighing import weigh

_FRAME_TOKENS = 150
_LAST_PAGE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much of a result the caller wants now, and how much may be kept."""

    rows: int
    kept_rows: int
    max_tokens: int


async def run(warehouse: Warehouse, sql: str, wanted: Wanted, progress: Progress) -> Rows:
    """The first rows of a read, or a handle to it while it goes on.

    Raises NotRun and StatementFailed. When the call is cancelled, the query is, too.
    """
    verdict = await warehouse.read_only(sql)
    try:
        look = await warehouse.look(verdict, "run_query")
        scan_bytes = await _within_budget(warehouse, look)
    except EngineFailure as failure:
        raise await failed(warehouse, failure, sql) from None
    settings = warehouse.settings
    limits = Limits(
        rows=min(wanted.kept_rows, settings.most_rows),
        bytes=settings.most_bytes,
        scan_bytes=scan_bytes,
    )
    query = warehouse.keeper.start(
        warehouse.engine, verdict.sql, warehouse.identity("run_query"), limits, warehouse.owner
    )
    try:
        await _waited(query, wanted.rows, settings.wait_seconds, progress)
    except BaseException:
        query.scope.cancel()
        raise
    if isinstance(query.failure, EngineFailure):
        warehouse.keeper.forget(query)
        raise await failed(warehouse, query.failure, sql)
    if query.failure is not None:
        warehouse.keeper.forget(query)
        raise query.failure
    return await first_page(warehouse, query, wanted)


async def _within_budget(warehouse: Warehouse, look: Look) -> int | None:
    """The most that the engine may scan; None without a budget. Raises NotRun above it."""
    budget = warehouse.budget
    if budget is None:
        return None
    estimate = (await weigh(warehouse, look)).bytes
    if estimate is not None and estimate > budget:
        raise NotRun(
            f"Not run: it would read about {estimate / 1e9:,.1f} GB and your group may read "
            f"{budget / 1e9:,.1f} GB in one query. preview_query says which filter would help."
        )
    return budget


async def first_page(warehouse: Warehouse, query: Query, wanted: Wanted) -> Rows:
    """What fits of the rows in memory; a handle where there is more to come."""
    rows = exact_rows(query.columns, query.memory[: wanted.rows])
    answer = Rows(
        query_id=query.query_id,
        state=query.end.state if query.end else "running",
        columns=named(query.columns),
        rows=fitting(rows, query.columns, wanted.max_tokens),
        known_rows=query.rows,
        cut=_cut(query),
        stats=told(query.stats),
        warnings=[Untrusted(one.message) for one in query.warnings],
    )
    if query.end is not None and len(answer.rows) == query.rows:
        warehouse.keeper.forget(query)
        return answer
    handle = await warehouse.keeper.give_away(query)
    return with_more(answer.model_copy(update={"handle": handle}), there=len(rows))


def with_more(answer: Rows, there: int) -> Rows:
    """The answer with its next call; `there` rows were there to be shown.

    A row that no answer holds ends the paging: the same call would give the same nothing.
    """
    if there and not answer.rows:
        hint = (
            f"Row {answer.first} alone is longer than max_tokens: raise it, select fewer columns "
            "or substr(…) of the long one."
        )
        return answer.model_copy(update={"hint": hint})
    after = answer.first + len(answer.rows)
    arguments: dict[str, JsonValue] = {"handle": answer.handle, "first": after}
    more = Handover(server="presto", tool="get_result", arguments=arguments)
    return answer.model_copy(update={"next": more})


def named(columns: Sequence[Column]) -> list[str]:
    return [f"{column.name} {column.type}" for column in columns]


def fitting(
    rows: list[list[JsonValue]], columns: Sequence[Column], max_tokens: int
) -> list[list[JsonValue]]:
    """The first rows that the budget holds."""
    budget = Budget(max_tokens).less(*named(columns)).bytes - 4 * _FRAME_TOKENS
    kept = 0
    for row in rows:
        line = "|".join(cell(value) for value in row)
        budget -= 4 * tokens(f"[{line}],,")
        if budget < 0:
            break
        kept += 1
    return rows[:kept]


def told(stats: Stats) -> str:
    """Time, rows and bytes of a query so far, in words."""
    seconds = stats.elapsed_time_millis / 1000
    splits = f", {stats.completed_splits}/{stats.total_splits} splits" if stats.total_splits else ""
    return (
        f"{seconds:.1f} s{splits}, {stats.processed_rows:,} rows and "
        f"{stats.processed_bytes / 1e6:,.1f} MB read"
    )


def _cut(query: Query) -> str:
    if query.end is None:
        return "the query still runs"
    return "" if query.end.state == "finished" else query.end.why


async def _waited(query: Query, rows: int, seconds: float, progress: Progress) -> None:
    """Until it ends, or the first rows are there and it does not end at once after them."""
    with anyio.move_on_after(seconds):
        while query.end is None and len(query.memory) < rows and not query.full:
            await query.news()
            stats = query.stats
            total = float(stats.total_splits) or None
            place = f"{stats.state.lower() or 'submitted'}: {told(stats)}"
            await progress(float(stats.completed_splits), total, place)
    with anyio.move_on_after(_LAST_PAGE_SECONDS):
        while query.end is None and not query.full:
            await query.news()
