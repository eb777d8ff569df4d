"""Finding out before asking: which tables there are, what they hold, what a read would cost."""

from typing import Annotated, Literal

from pydantic import Field

from dragoman.answer.budget import DEFAULT_TOKENS, MaxTokens
from dragoman.risk import Risk
from dragoman.tool import tool
from dragoman_presto.client import QUERY
from dragoman_presto.describing import describe
from dragoman_presto.models import Preview, TableInfo, Tables
from dragoman_presto.previewing import preview
from dragoman_presto.searching import search
from dragoman_presto.tools.querying import Presto, Sql


@tool(risk=Risk.READ, policy=QUERY, minutes_saved=5)
async def find_tables(
    text: Annotated[str, Field(max_length=200)],
    presto: Presto,
    catalog: str = "",
    limit: Annotated[int, Field(ge=1, le=200)] = 10,
    instance: str = "",
    max_tokens: MaxTokens = DEFAULT_TOKENS,
) -> Tables:
    """Tables that fit a question's words, best first, with owners' notes and verified queries."""
    return await search(presto, text, catalog, limit, max_tokens)


@tool(risk=Risk.READ, policy=QUERY, minutes_saved=5)
async def describe_table(
    table: Annotated[str, Field(max_length=400)],
    presto: Presto,
    sample: Annotated[int, Field(ge=0, le=20)] = 0,
    detail: Literal["columns", "profile"] = "columns",
    instance: str = "",
    max_tokens: MaxTokens = DEFAULT_TOKENS,
) -> TableInfo:
    """Columns, statistics, newest partitions of catalog.schema.table; detail=profile adds some."""
    return await describe(presto, table, sample, profile=detail == "profile", max_tokens=max_tokens)


@tool(risk=Risk.READ, policy=QUERY, minutes_saved=5)
async def preview_query(sql: Sql, presto: Presto, instance: str = "") -> Preview:
    """Whether a read is valid, tables behind views, bytes it would read, filters to add."""
    return await preview(presto, sql)
