"""What the gate accepts changes nothing on a real Presto, for a user whom nothing is forbidden."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from gate_corpus import Labelled, corpus
from gate_engine import Ran, query_type, run

from dragoman_presto.gate.kinds import Kind
from dragoman_presto.gate.verdict import judge

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1_500)]

FULL = os.environ.get("DRAGOMAN_PROOFS") == "full"
ACCEPTED = [one for one in corpus() if one.accepted][:: 1 if FULL else 20]
CHANGING = [
    "INSERT INTO memory.default.notes VALUES 3",
    "-- SELECT 1\rCREATE TABLE memory.default.copied AS SELECT 1 AS x",
    "DROP TABLE memory.default.copied",
    "CREATE VIEW memory.default.seen AS SELECT 1 AS x",
    "DROP VIEW memory.default.seen",
    "SET SESSION query_max_run_time = '2d'",
    "RESET SESSION query_max_run_time",
    "USE memory.default",
    "PREPARE p FROM SELECT 1",
    "START TRANSACTION",
    "\u0131nsert \u0131nto memory.default.notes values 5",
]


@pytest.fixture(scope="module")
def engine(presto: str) -> Iterator[str]:
    """A Presto where `memory.default.notes` holds two rows."""
    run(presto, "DROP TABLE IF EXISTS memory.default.notes")
    made = run(presto, "CREATE TABLE memory.default.notes AS SELECT * FROM (VALUES 1, 2) t (id)")
    assert made.error is None
    yield presto
    run(presto, "DROP TABLE IF EXISTS memory.default.notes")


def state(base: str) -> list[list[list[object]]]:
    """Everything that a statement of the corpus could have changed."""
    asked = (
        *("SHOW TABLES FROM memory.default", "SELECT * FROM memory.default.notes ORDER BY id"),
        *("SHOW TABLES FROM blackhole.default", "SHOW SESSION", "SHOW CATALOGS"),
        "SELECT count(*) FROM tpch.tiny.nation",
    )
    return [run(base, sql).rows for sql in asked]


def test_every_accepted_statement_leaves_tables_rows_and_session_as_they_were(engine: str) -> None:
    before = state(engine)

    with ThreadPoolExecutor(6) as together:
        ran = list(together.map(partial(_run, engine), ACCEPTED))

    assert [(one.place, ran_.update) for one, ran_ in zip(ACCEPTED, ran, strict=True)
            if ran_.update or ran_.changes] == []  # fmt: skip
    assert state(engine) == before
    assert sum(one.error is None for one in ran) > len(ran) / 2


def test_the_engine_calls_every_accepted_statement_a_read(engine: str) -> None:
    harmless = {None, "SELECT", "EXPLAIN", "DESCRIBE"}
    chosen = ACCEPTED[:: 5 if FULL else 3]

    kinds = {one.place: query_type(engine, _run(engine, one).query_id) for one in chosen}

    assert {place: kind for place, kind in kinds.items() if kind not in harmless} == {}


@pytest.mark.parametrize("sql", CHANGING)
def test_the_proof_would_see_a_change(engine: str, sql: str) -> None:
    verdict = judge(sql)
    ran = run(engine, sql)

    assert not verdict.accepted
    assert ran.error is None
    assert ran.update or ran.changes


def test_the_proof_would_see_a_row_that_explain_analyze_adds(engine: str) -> None:
    sql = "/* SELECT */ EXPLAIN ANALYZE INSERT INTO memory.default.notes VALUES 4"
    before = state(engine)

    ran = run(engine, sql)

    assert not judge(sql).accepted
    assert ran.error is None
    assert state(engine) != before


def test_the_plan_of_a_change_changes_nothing(engine: str) -> None:
    before = state(engine)
    plans = (
        *("EXPLAIN INSERT INTO memory.default.notes VALUES 9", "EXPLAIN ANALYZE notes"),
        "EXPLAIN (TYPE IO, FORMAT JSON) CREATE TABLE memory.default.copied AS SELECT 1 AS x",
        *("EXPLAIN DROP TABLE memory.default.notes", "EXPLAIN USE memory.default"),
    )

    for sql in plans:
        assert judge(sql).kind is Kind.PLAN
        assert judge(sql).accepted
        assert run(engine, sql).changes == []

    assert state(engine) == before


def _run(base: str, one: Labelled) -> Ran:
    return run(base, judge(one.sql).sql, seconds=30)
