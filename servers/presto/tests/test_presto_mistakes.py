"""What users get wrong, on a real Presto: the cause is named and the advice mends it."""

import json
from pathlib import Path

import pytest

from dragoman.testing import caller, connected, text_of
from dragoman_presto.server import server

pytestmark = pytest.mark.anyio

MISTAKES = [
    ("select orderkye from orders", "unknown_column", "Perhaps you mean orderkey"),
    ("select o.orderkye from orders o", "unknown_column", "Perhaps you mean orderkey"),
    ("select x.orderkey from orders o", "unknown_column", "there are: o"),
    ("select order_key from orders", "unknown_column", "Perhaps you mean orderkey"),
    ("select totalprice tp from orders where tp > 5", "unknown_column", "runs later"),
    ("select * from ordes", "unknown_table", "tpch.tiny.orders"),
    ("select * from tpch.tinny.orders", "unknown_schema", "Perhaps you mean tiny"),
    ("select * from tcph.tiny.orders", "unknown_catalog", "Perhaps you mean tpch"),
    ("select lenght(comment) from orders", "unknown_function", "Perhaps you mean length"),
    ("select ifnull(comment, '') from orders", "other_dialect", "coalesce(x, y)"),
    ("select getdate()", "other_dialect", "current_timestamp"),
    ("select datediff('day', orderdate, now()) from orders", "other_dialect", "date_diff"),
    ("select group_concat(clerk) from orders", "other_dialect", "array_join"),
    ("select to_char(orderdate, 'YYYY') from orders", "other_dialect", "date_format"),
    ("select cast(1 as string)", "other_dialect", "varchar"),
    ("select cast(1 as datetime)", "other_dialect", "timestamp"),
    ('select 1 from orders where orderstatus = "O"', "other_dialect", "'O'"),
    ("select 1 from orders where orderdate > '1995-01-01'", "type_mismatch", "DATE '"),
    (
        "select 1 from orders where orderdate > current_date - 7",
        "type_mismatch",
        "INTERVAL '7' DAY",
    ),
    ("select orderdate + interval '1 day' from orders", "unknown_type", "INTERVAL '1' DAY"),
    ("select orderkey + clerk from orders", "type_mismatch", "TRY_CAST"),
    ("select clerk[1] from orders", "type_mismatch", "Only arrays and maps"),
    ("select 1 from orders where orderkey in ('a', 'b')", "type_mismatch", "as bigint"),
    ("select case when true then 'a' else 2 end", "type_mismatch", "CAST the others"),
    ("select 1 from orders where comment like 5", "type_mismatch", "varchar"),
    ("select substr(orderkey, 1, 2) from orders", "wrong_arguments", "it takes substr"),
    ("select orderstatus, count(*) from orders", "not_grouped", "Add orderstatus to GROUP BY"),
    ("select count(*) from orders group by 5", "not_grouped", "counts the selected columns"),
    ("select 1 from orders where sum(totalprice) > 5", "misplaced_aggregate", "HAVING"),
    ("select sum(sum(totalprice)) from orders", "misplaced_aggregate", "subquery"),
    ("select row_number() from orders", "window_without_over", "OVER"),
    (
        "select comment from orders o join customer c on o.custkey = c.custkey",
        "ambiguous_column",
        "alias.comment",
    ),
    ("select orderkey from orders union select name from customer", "unequal_queries", "CAST"),
    ("select 1, 2 union all select 1", "unequal_queries", "one has 2, the other 1"),
    ("select 1/0", "division_by_zero", "NULLIF"),
    ("select cast('abc' as integer)", "bad_value", "TRY_CAST"),
    ("select cast(99999999999 as integer)", "out_of_range", "BIGINT"),
    ("select array[1, 2][5]", "bad_subscript", "element_at"),
    ("select 1 where 1 = (select custkey from customer)", "subquery_rows", "Use IN"),
    ("select * from orders natural join customer", "not_supported", "USING"),
    ("select json_parse('{')", "bad_value", "TRY("),
    ("select * from orders where totalprce > 5", "unknown_column", "Perhaps you mean totalprice"),
    ("select nvl(comment, '') from orders", "other_dialect", "coalesce(x, y)"),
    ("select string_agg(clerk, ',') from orders", "other_dialect", "array_join"),
]
"""Statements that Presto reads and then refuses: cause, and a part of the advice."""

UNREADABLE = [
    ("select `orderkey` from orders", "double quotes"),
    ("select orderkey::varchar from orders", "CAST(x AS type)"),
    ("select max(orderkey from orders", "line 1:"),
    ("select 'abc from orders", "string that is not closed"),
    ("select 1 from orders where orderkey = 1 and", "line 1:"),
]
"""Statements that never reach Presto: the gate says where they go wrong."""


async def test_the_cause_and_the_mending_are_named_for_every_mistake(
    presto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coordinator = {"name": "real", "url": presto, "catalog": "tpch", "default_schema": "tiny"}
    monkeypatch.setenv("DRAGOMAN_PRESTO_COORDINATORS", json.dumps([coordinator]))
    monkeypatch.setenv("DRAGOMAN_STATE", str(tmp_path))
    expected = [*MISTAKES, *[(sql, "Not run", part) for sql, part in UNREADABLE]]
    wrong: list[str] = []
    alice = caller("alice", "data-eng", server="presto")
    async with connected(server, alice, state=tmp_path) as here:
        for sql, cause, part in expected:
            result = await here.call("run_query", {"sql": sql})
            said = text_of(result)
            if not (result.is_error and said.startswith(cause) and part in said):
                wrong.append(f"{sql}: {said[:200]}")

    assert wrong == []


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("select orderkye from orders", "line 1:8: "),
        ("select\n  1,\n  orderkye from orders", "line 3:3: "),
        ("explain select orderkye from orders", "line 1:16: "),
        ("explain\n select 1,\n orderkye from orders", "line 3:2: "),
    ],
)
async def test_a_failure_is_placed_in_the_text_as_the_caller_sent_it(
    presto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str, place: str
) -> None:
    coordinator = {"name": "real", "url": presto, "catalog": "tpch", "default_schema": "tiny"}
    monkeypatch.setenv("DRAGOMAN_PRESTO_COORDINATORS", json.dumps([coordinator]))
    monkeypatch.setenv("DRAGOMAN_STATE", str(tmp_path))
    alice = caller("alice", "data-eng", server="presto")
    async with connected(server, alice, state=tmp_path) as here:
        result = await here.call("run_query", {"sql": sql})

    assert place in text_of(result)
