"""What a refusal says, what bounds a statement, and how the gate remembers."""

import asyncio

import pytest

from dragoman_presto.gate.gate import Gate
from dragoman_presto.gate.kinds import Kind
from dragoman_presto.gate.verdict import MAX_BYTES, judge


@pytest.mark.parametrize(
    ("sql", "words", "place"),
    [
        ("SELECT 1;\n  DROP TABLE t", "semicolon", (1, 9)),
        ("\n  DROP TABLE t", "DROP TABLE makes this a change of the schema", (2, 3)),
        ("-- a\r\n/* b */ \u0131nsert into t select 1", "INSERT INTO makes this", (2, 9)),
        ("EXPLAIN ANALYZE\nDELETE FROM t", "EXPLAIN ANALYZE runs it", (2, 1)),
        ("((UPDATE t SET a = 1))", "UPDATE makes this a change of data", (1, 3)),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "CREATE OR REPLACE VIEW makes", (1, 1)),
        ("SELECT * FROM TABLE(a.b.query('x'))", "a table function", (1, 15)),
        ("SELECT 1 FROM\n system.runtime.queries", "the system catalog", (2, 2)),
        ("SELECT\u00a01", "U+00A0 (NO-BREAK SPACE)", (1, 7)),
        ("SELECT `a`", "a name in backquotes", (1, 8)),
        ("SELECT a::bigint", "a character that Presto forbids", (1, 8)),
        ("SELECT 'a", "a string that is not closed", (1, 8)),
        ("SELECT a FROM t WHERE", "does not go on with the end", (1, 22)),
        ("SELECT TOP 10 a FROM t", "does not go on with 10", (1, 12)),
        ("WITH w AS (DELETE FROM t) SELECT 1", "DELETE, a word that no query", (1, 12)),
        ("SELEC 1", "No Presto statement begins with SELEC", (1, 1)),
        ("  ", "No statement stands here", (1, 3)),
    ],
)
def test_a_refusal_says_which_word_at_which_place_is_why(
    sql: str, words: str, place: tuple[int, int]
) -> None:
    refusal = judge(sql).refusal

    assert refusal is not None
    assert words in refusal.reason
    assert (refusal.line, refusal.column) == place
    assert str(refusal).startswith(f"line {place[0]}:{place[1]}: ")


@pytest.mark.parametrize(
    ("sql", "way_out"),
    [
        ("INSERT INTO t SELECT 1", "a person who may make it"),
        ("DROP TABLE t", "a person who may make it"),
        ("GRANT SELECT ON t TO bob", "a person who may make it"),
        ("CALL p()", "a person who may make it"),
        ("SET SESSION a = 1", "the server's"),
        ("USE a.b", "catalog.schema.table"),
        ("START TRANSACTION", "Leave it out"),
        ("EXECUTE p", "Send the statement itself"),
    ],
)
def test_a_refusal_says_what_to_do_instead(sql: str, way_out: str) -> None:
    refusal = judge(sql).refusal

    assert refusal is not None
    assert way_out in refusal.hint


@pytest.mark.parametrize(
    ("sql", "changes", "destroys"),
    [
        ("SELECT 1", False, False),
        ("INSERT INTO t SELECT 1", True, False),
        ("CREATE TABLE t AS SELECT 1 AS x", True, False),
        ("CREATE TABLE t (x bigint)", True, False),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", True, True),
        ("DELETE FROM t", True, True),
        ("UPDATE t SET a = 1", True, True),
        ("MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", True, True),
        ("TRUNCATE TABLE t", True, True),
        ("DROP TABLE t", True, True),
        ("ALTER TABLE t DROP COLUMN a", True, True),
        ("CALL p()", True, True),
        ("REVOKE a FROM b", True, True),
        ("SET SESSION a = 1", False, False),
        ("COMMIT", False, False),
    ],
)
def test_a_verdict_tells_what_a_person_may_approve_and_what_destroys(
    sql: str, *, changes: bool, destroys: bool
) -> None:
    verdict = judge(sql)

    assert (verdict.changes, verdict.destroys) == (changes, destroys)


def test_the_largest_statement_passes_and_one_byte_more_is_refused() -> None:
    largest = "SELECT '" + "é" * ((MAX_BYTES - 9) // 2) + "'"
    largest += " " * (MAX_BYTES - len(largest.encode()))

    assert judge(largest).accepted
    refusal = judge(largest + " ").refusal
    assert refusal is not None
    assert "64 kB" in refusal.reason


@pytest.mark.parametrize("depth", [50, 200])
def test_brackets_up_to_the_bound_pass(depth: int) -> None:
    assert judge("SELECT " + "(" * depth + "1" + ")" * depth).accepted


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 201 + "1" + ")" * 201,
        "SELECT " + "(" * 1_000 + "1" + ")" * 1_000,
        "SELECT a" + "[" * 1_000 + "1" + "]" * 1_000,
        "SELECT " + "NOT " * 9_000 + "true",
        "SELECT " + "- " * 9_000 + "1",
        "SELECT " + "CASE WHEN " * 1_000 + "1" + " THEN 1 END" * 1_000,
        "(" * 60_000,
    ],
)
def test_nesting_beyond_the_bound_is_a_refusal_and_no_crash(sql: str) -> None:
    refusal = judge(sql).refusal

    assert refusal is not None
    assert "WITH" in refusal.hint or refusal.syntax or "begins with" in refusal.reason


def test_a_thousand_explains_are_unwrapped() -> None:
    assert judge("EXPLAIN " * 1_000 + "SELECT 1").kind is Kind.PLAN
    assert not judge("EXPLAIN " * 1_000 + "ANALYZE DELETE FROM t").accepted


def test_half_a_surrogate_pair_is_refused_before_it_is_sent() -> None:
    refusal = judge("SELECT '\ud800'").refusal

    assert refusal is not None
    assert (refusal.line, refusal.column) == (1, 9)


@pytest.mark.parametrize(
    ("catalog", "schema"), [("system", None), ("SYSTEM", "x"), ("a", "system")]
)
def test_a_session_in_the_system_catalog_refuses_even_short_names(
    catalog: str, schema: str | None
) -> None:
    assert not judge("SELECT * FROM runtime.queries", catalog=catalog, schema=schema).accepted
    assert judge("SELECT * FROM runtime.queries", catalog="hive", schema="ads").accepted


@pytest.mark.parametrize(
    ("sql", "parsed"),
    [
        ("SELECT 1", True),
        ("EXPLAIN ANALYZE SELECT 1", True),
        ("SELECT * FROM t FOR VERSION BEFORE 3", False),
        ("SELECT any, all, some FROM t", False),
    ],
)
def test_a_verdict_tells_whether_the_tree_can_be_followed(sql: str, *, parsed: bool) -> None:
    verdict = judge(sql)

    assert verdict.accepted
    assert verdict.parsed is parsed


@pytest.mark.anyio
async def test_the_gate_judges_off_the_event_loop_and_each_text_once() -> None:
    gate = Gate()

    first = await gate.judge("SELECT 1")
    again = await gate.judge("SELECT 1")
    other = await gate.judge("SELECT 1", catalog="system")

    assert again is first
    assert first.accepted
    assert not other.accepted


@pytest.mark.anyio
async def test_the_gate_forgets_the_oldest_texts_when_it_is_full() -> None:
    gate = Gate(kept_bytes=20)

    first = await gate.judge("SELECT 1")
    await gate.judge("SELECT 22222")
    await gate.judge("SELECT 33333")

    assert await gate.judge("SELECT 1") is not first
    assert (await gate.judge("SELECT 1")) == first


@pytest.mark.anyio
async def test_the_loop_goes_on_while_a_large_statement_is_judged() -> None:
    large = "SELECT * FROM t WHERE x IN (" + ", ".join(map(str, range(9_000))) + ")"
    judged = asyncio.create_task(Gate().judge(large))
    turns = 0

    while not judged.done():
        turns += 1
        await asyncio.sleep(0)

    assert judged.result().accepted
    assert turns > 1


def test_no_statement_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    judge("WITH w AS (SELECT 1) SET SESSION secret = 'hunter2'")
    judge("SELECT 'hunter2' FROM t WHERE")

    assert caplog.text == ""
