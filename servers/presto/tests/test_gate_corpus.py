"""Every labelled statement is judged as its label says."""

import pytest
from gate_corpus import Labelled, corpus
from gate_reference import is_harmless

from dragoman_presto.gate.kinds import CHANGES, Kind
from dragoman_presto.gate.verdict import judge

STATEMENTS = corpus()


def test_the_corpus_holds_at_least_500_statements_and_every_kind() -> None:
    texts = {(one.sql, one.accepted) for one in STATEMENTS}

    assert len(texts) >= 500
    assert {one.kind for one in STATEMENTS} == set(Kind)


@pytest.mark.parametrize("one", STATEMENTS, ids=lambda one: one.place)
def test_a_statement_is_judged_as_its_label_says(one: Labelled) -> None:
    verdict = judge(one.sql)

    assert (verdict.accepted, verdict.kind) == (one.accepted, one.kind), verdict.refusal


def test_a_second_reading_finds_every_accepted_statement_harmless() -> None:
    accepted = [one for one in STATEMENTS if one.accepted]

    assert [one.place for one in accepted if not is_harmless(one.sql)] == []


def test_a_second_reading_finds_no_refused_change_harmless() -> None:
    changes = [one for one in STATEMENTS if not one.accepted and one.kind in CHANGES]

    assert [one.place for one in changes if is_harmless(one.sql)] == []


def test_what_is_sent_is_what_came_without_one_last_semicolon() -> None:
    for one in STATEMENTS:
        sent = judge(one.sql).sql

        assert one.sql.startswith(sent)
        assert one.sql[len(sent) :].split("--")[0].strip() in {"", ";"}


def test_a_refusal_names_place_and_way_out_for_every_refused_statement() -> None:
    refused = [judge(one.sql).refusal for one in STATEMENTS if not one.accepted]

    for refusal in refused:
        assert refusal is not None
        assert refusal.line >= 1
        assert refusal.column >= 1
        assert refusal.reason.endswith(".")
        assert refusal.hint.endswith(".")
