"""The tools on a real Presto, through a real client, as two people."""

import json
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gate_engine import run

from dragoman.server import Server
from dragoman.settings import Settings
from dragoman.testing import Connection, caller, connected, text_of
from dragoman_presto.server import server

pytestmark = pytest.mark.anyio

ALICE = caller("alice", "data-eng", server="presto")
BOB = caller("bob", "data-eng", server="presto")
HIDING = """
@id("readers")
permit (
  principal in Group::"data-eng",
  action in [Action::"presto.connect", Action::"presto.list", Action::"presto.query"],
  resource in Server::"presto"
);

@id("no-memory")
forbid (principal, action == Action::"presto.query", resource == Catalog::"memory");
"""

Asks = Callable[..., AbstractAsyncContextManager[Connection]]


@pytest.fixture
def asks(presto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asks:
    """A client of the server before a real Presto, for a person and perhaps another policy."""
    coordinator = {"name": "real", "url": presto, "catalog": "tpch", "default_schema": "tiny"}
    monkeypatch.setenv("DRAGOMAN_PRESTO_COORDINATORS", json.dumps([coordinator]))
    monkeypatch.setenv("DRAGOMAN_STATE", str(tmp_path))
    monkeypatch.setenv("DRAGOMAN_PRESTO_RESULTS_KEY", "the same for all replicas of a test")

    @asynccontextmanager
    async def connect(who: Any = ALICE, served: Server = server) -> AsyncGenerator[Connection]:
        # Replicas share the store of results, and each has a journal of its own.
        own = Settings().model_copy(update={"instance": who.subject})
        async with connected(served, who, state=tmp_path, settings=own) as connection:
            yield connection

    return connect


async def test_rows_come_exact_and_whole_in_text_and_structured_content(asks: Asks) -> None:
    async with asks() as here:
        result = await here.call(
            "run_query", {"sql": "SELECT 9007199254740993 AS n, CAST('0.10' AS decimal(4, 2)) AS d"}
        )

    content = result.structured_content
    assert content is not None
    assert content["rows"] == [["9007199254740993", "0.10"]]
    assert content["state"] == "finished"
    assert "9007199254740993\t0.10" in text_of(result)
    assert "rows" in content["untrusted"]


async def test_a_long_result_is_paged_by_handle_each_row_once(asks: Asks) -> None:
    sql = "SELECT orderkey FROM orders ORDER BY orderkey"
    keys: list[int] = []
    async with asks() as here:
        answer = (await here.call("run_query", {"sql": sql, "rows": 4_000})).structured_content
        while answer is not None:
            keys += [row[0] for row in answer["rows"]]
            following = answer.get("next")
            if following is None:
                break
            arguments = {**following["arguments"], "rows": 10_000, "max_tokens": 20_000}
            answer = (await here.call("get_result", arguments)).structured_content

    assert len(keys) == len(set(keys)) == 15_000
    assert keys == sorted(keys)


async def test_a_cut_result_says_so(asks: Asks) -> None:
    async with asks() as here:
        result = await here.call("run_query", {"sql": "TABLE orders", "rows": 5, "max_rows": 7})
        begun: dict[str, Any] = result.structured_content or {}
        handle = begun["handle"]
        rest = await here.call("get_result", {"handle": handle, "first": 5})

    content: dict[str, Any] = rest.structured_content or {}
    assert content["known_rows"] == 7
    assert content["state"] == "cut"
    assert "more rows than may be kept" in content["cut"]


async def test_attack_another_person_sees_pages_and_cancels_nothing_of_it(asks: Asks) -> None:
    async with asks() as alice:
        mine = await alice.call("run_query", {"sql": "TABLE orders", "rows": 1})
        content: dict[str, Any] = mine.structured_content or {}
        async with asks(BOB) as bob:
            tried = [
                await bob.call("get_result", {"handle": content["handle"]}),
                await bob.call("get_query", {"query": content["handle"]}),
                await bob.call("get_query", {"query": content["query_id"]}),
                await bob.call("cancel_query", {"query": content["handle"]}),
                await bob.call("cancel_query", {"query": content["query_id"]}),
            ]

    assert all(result.is_error for result in tried)
    assert all("orderkey" not in text_of(result) for result in tried)


async def test_the_owner_ends_a_running_query_and_it_is_over_in_the_engine(asks: Asks) -> None:
    async with asks() as here:
        begun = await here.call("run_query", {"sql": "TABLE tpch.sf1.lineitem", "rows": 1})
        content: dict[str, Any] = begun.structured_content or {}
        ended = await here.call("cancel_query", {"query": content["handle"]})
        seen = await here.call("get_query", {"query": content["query_id"]})

    assert (ended.structured_content or {})["state"] in {"cancelled", "cut"}
    assert (seen.structured_content or {})["state"] in {"failed", "finished"}


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("DROP TABLE memory.default.t", "DROP TABLE makes this a change of the schema"),
        ("EXPLAIN ANALYZE INSERT INTO memory.default.t SELECT 1", "INSERT INTO"),
        ("SELECT 1; DROP TABLE t", "line 1"),
        ("SELECT * FROM system.runtime.queries", "system"),
        ("SELECT orderkye FROM orders", "Perhaps you mean orderkey"),
        ("SELECT * FROM ordes", "Perhaps you mean tpch.tiny.orders"),
        ("SELECT ifnull(comment, '') FROM orders", "write coalesce(x, y)"),
        ("SELECT orderkey::varchar FROM orders", "CAST(x AS type)"),
        ("SELECT 1/0", "NULLIF(x, 0)"),
    ],
)
async def test_what_is_not_run_or_fails_says_what_to_do(asks: Asks, sql: str, told: str) -> None:
    async with asks() as here:
        result = await here.call("run_query", {"sql": sql})

    assert result.is_error
    assert told in text_of(result)
    assert len(text_of(result)) < 600


async def test_a_hidden_catalog_reads_like_one_that_is_not_there(
    asks: Asks, tmp_path: Path
) -> None:
    rules = tmp_path / "policy.cedar"
    rules.write_text(HIDING)
    hiding = replace(server, policy=rules)
    attempts = (
        "SELECT * FROM memory.information_schema.tables",
        "SELECT * FROM tpch.tiny.nation, memory.information_schema.tables",
        'SHOW SCHEMAS FROM "MEMORY"',
        "EXPLAIN SELECT * FROM memory.information_schema.tables",
        "EXPLAIN ANALYZE SELECT * FROM memory.information_schema.tables",
    )
    async with asks(ALICE, hiding) as here:
        asked = [await here.call("run_query", {"sql": sql}) for sql in attempts]
        all_catalogs = await here.call("run_query", {"sql": "SHOW CATALOGS"})
        found = await here.call("find_tables", {"text": "", "catalog": "memory"})
        described = await here.call("describe_table", {"table": "memory.default.anything"})
        listed = await here.call("find_tables", {"text": "", "limit": 200, "max_tokens": 20_000})

    assert all("catalog memory does not exist" in text_of(each) for each in asked)
    assert all_catalogs.is_error
    assert "memory" not in text_of(all_catalogs)
    assert "There is no catalog memory" in text_of(found)
    assert "There is no table memory.default.anything" in text_of(described)
    assert "memory." not in text_of(listed)


async def test_a_preview_knows_rows_and_bytes_and_a_sample_is_as_long_as_asked(
    asks: Asks,
) -> None:
    async with asks() as here:
        plain = await here.call("preview_query", {"sql": "SELECT comment FROM orders"})
        text = await here.call("describe_table", {"table": "tpch.tiny.orders", "sample": 2})

    content: dict[str, Any] = plain.structured_content or {}
    described: dict[str, Any] = text.structured_content or {}
    assert content["rows"] == 15_000
    assert content["bytes"] > 15_000 * 20
    assert content["tables"][0]["table"].endswith(".orders")
    assert len(described["sample"]) == 2


async def test_a_view_over_a_hidden_catalog_is_hidden_with_it(
    asks: Asks, presto: str, tmp_path: Path
) -> None:
    name = f"hive.t_views.v_{secrets.token_hex(4)}"
    run(presto, "CREATE SCHEMA IF NOT EXISTS hive.t_views")
    run(presto, f"CREATE VIEW {name} AS SELECT nationkey FROM tpch.tiny.nation")
    rules = tmp_path / "policy.cedar"
    rules.write_text(HIDING.replace('"memory"', '"tpch"'))
    async with asks() as open_one, asks(BOB, replace(server, policy=rules)) as hidden:
        seen = await open_one.call("run_query", {"sql": f"SELECT count(*) FROM {name}"})
        refused = await hidden.call("run_query", {"sql": f"SELECT count(*) FROM {name}"})

    run(presto, f"DROP VIEW {name}")
    assert (seen.structured_content or {})["rows"] == [[25]]
    assert "catalog tpch does not exist" in text_of(refused)


async def test_a_read_above_the_groups_budget_is_not_run_and_one_within_it_is(
    asks: Asks, monkeypatch: pytest.MonkeyPatch
) -> None:
    budgets = [{"group": "data-eng", "bytes": 100_000}, {"group": "others", "bytes": 10**12}]
    monkeypatch.setenv("DRAGOMAN_PRESTO_BUDGETS", json.dumps(budgets))
    async with asks() as here:
        within = await here.call("run_query", {"sql": "SELECT name FROM nation", "rows": 1})
        above = await here.call("run_query", {"sql": "SELECT comment FROM orders"})
        told = await here.call("preview_query", {"sql": "SELECT comment FROM orders"})

    assert not within.is_error
    assert above.is_error
    assert "preview_query says which filter" in text_of(above)
    preview: dict[str, Any] = told.structured_content or {}
    assert preview["budget"] == "above the 0.0 GB of your group"


async def test_a_row_longer_than_any_answer_is_named_and_does_not_page_for_ever(
    asks: Asks,
) -> None:
    sql = "SELECT rpad('', 200000, 'abc def ') FROM nation"
    async with asks() as here:
        result = await here.call("run_query", {"sql": sql})
        content: dict[str, Any] = result.structured_content or {}
        again = await here.call("get_result", {"handle": content["handle"], "first": 1})

    assert "Row 0 alone is longer than max_tokens" in content["hint"]
    assert "next" not in content
    assert "Row 1 alone" in text_of(again)
    assert "next" not in (again.structured_content or {})


async def test_as_many_rows_as_asked_for_come_whole_without_a_handle(asks: Asks) -> None:
    async with asks() as here:
        result = await here.call("run_query", {"sql": "TABLE nation", "rows": 25})

    content: dict[str, Any] = result.structured_content or {}
    assert (content["state"], len(content["rows"])) == ("finished", 25)
    assert "handle" not in content
