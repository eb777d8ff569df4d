"""Statements that nobody wrote: reads are accepted, changes never, however they are dressed."""

import os
import re

import pytest
from gate_corpus import corpus
from gate_reference import is_harmless
from gate_writer import gaps, statements
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dragoman_presto.gate.grammar import is_grammatical
from dragoman_presto.gate.kinds import CHANGES, Kind
from dragoman_presto.gate.lexer import lex
from dragoman_presto.gate.verdict import judge

FULL = os.environ.get("DRAGOMAN_PROOFS") == "full"
thorough = settings(
    max_examples=4_000 if FULL else 30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

_EXPLAINING = (
    *("EXPLAIN ANALYZE {}", "EXPLAIN ANALYZE VERBOSE {}", "EXPLAIN ANALYZE (TYPE DISTRIBUTED) {}"),
    *("EXPLAIN EXPLAIN ANALYZE {}", "EXPLAIN ANALYZE EXPLAIN {}", "explain/**/analyze--\r{}"),
    "EXPLAIN (TYPE IO, FORMAT JSON) EXPLAIN ANALYZE VERBOSE (FORMAT JSON) {}",
)
_BESIDE = (
    *("{}", "{};", "({})", "/* SELECT 1 */ {}", "-- SELECT 1\r{}", "/* /* */ {} -- */\nSELECT 1"),
    *("SELECT 1; {}", "VALUES 1\n;{}", "SHOW TABLES; {}", "SELECT ';' AS x; {}"),
)
_INSIDE = (
    *("WITH w AS ({}) SELECT 1", "WITH w AS (SELECT 1) {}", "SELECT * FROM ({}) t", "SELECT ({})"),
    *("SELECT 1 UNION {}", "(SELECT 1) {}", "SELECT * FROM nation WHERE x IN ({})"),
)
_REFUSED = [
    one.sql for one in corpus() if not one.accepted and one.kind in {*CHANGES, Kind.SESSION}
]


@pytest.mark.proof
@thorough
@given(statements("query"))
def test_a_query_that_the_grammar_allows_is_accepted_however_it_is_written(sql: str) -> None:
    verdict = judge(sql)

    assert verdict.accepted, verdict.refusal
    assert verdict.kind is Kind.READ


@pytest.mark.proof
@thorough
@given(statements("metadata"))
def test_a_metadata_statement_that_the_grammar_allows_is_accepted(sql: str) -> None:
    verdict = judge(sql)

    assert verdict.accepted, verdict.refusal
    assert verdict.kind is Kind.METADATA


@pytest.mark.proof
@thorough
@given(statements("change", folded=True) | statements("change"), st.sampled_from(_BESIDE), gaps())
def test_a_change_is_never_accepted_whatever_stands_beside_it(
    sql: str, beside: str, gap: str
) -> None:
    assert not judge(gap + beside.format(sql)).accepted


@pytest.mark.proof
@thorough
@given(statements("change", folded=True) | statements("change"), st.sampled_from(_INSIDE), gaps())
def test_a_change_inside_a_query_passes_only_where_its_words_are_names(
    sql: str, around: str, gap: str
) -> None:
    """FROM (commit work) is the table commit under the name work."""
    whole = gap + around.format(sql)

    assert not judge(whole).accepted or is_grammatical("query", lex(whole).tokens)


@pytest.mark.proof
@thorough
@given(statements("change", folded=True) | statements("change"), st.sampled_from(_EXPLAINING))
def test_a_change_that_explain_analyze_would_run_is_never_accepted(sql: str, around: str) -> None:
    assert not judge(around.format(sql)).accepted


@pytest.mark.proof
@thorough
@given(statements("data"))
def test_the_plan_alone_of_a_change_is_accepted(sql: str) -> None:
    verdict = judge(f"EXPLAIN (TYPE VALIDATE) {sql}")

    assert verdict.accepted, verdict.refusal
    assert verdict.kind is Kind.PLAN


@pytest.mark.proof
@thorough
@given(st.sampled_from(_REFUSED), st.data())
def test_one_changed_character_makes_no_change_a_read(sql: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(sql)))
    put = data.draw(st.sampled_from([*"-/*'\"`;()[].,= \n\r\t\u0131\u017fIiSs0\u00a0\u2028\\", ""]))
    taken = data.draw(st.integers(0, 1))

    changed = sql[:at] + put + sql[at + taken :]

    assert is_harmless(changed) or not judge(changed).accepted


@pytest.mark.proof
@thorough
@given(st.lists(st.sampled_from([one.sql for one in corpus()]), min_size=2, max_size=3), st.data())
def test_pieces_of_statements_put_together_are_never_a_change(
    texts: list[str], data: st.DataObject
) -> None:
    cut = [re.findall(r"\w+|\s+|[^\w\s]", text) for text in texts]
    taken = [piece[data.draw(st.integers(0, max(0, len(piece) - 1))) :] for piece in cut]

    joined = "".join(mark for piece in taken for mark in piece)

    assert is_harmless(joined) or not judge(joined).accepted


@pytest.mark.proof
@thorough
@given(
    st.text(alphabet="SELECT select INTO'\"`-/*;()\n\r\t\u00a0\u0131\u017f1.@:xX&", max_size=60)
    | st.text()
)
def test_any_text_gets_a_verdict_and_only_harmless_ones_are_accepted(sql: str) -> None:
    assert not judge(sql).accepted or is_harmless(sql)
