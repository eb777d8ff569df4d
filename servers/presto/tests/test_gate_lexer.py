"""Tokens as Presto cuts them."""

import sys

import pytest

from dragoman_presto.gate.lexer import fold, lex, place


def cut(sql: str) -> list[str]:
    return [f"{token.kind}:{token.text}" for token in lex(sql).tokens]


@pytest.mark.parametrize(
    ("sql", "tokens"),
    [
        ("select a", ["word:SELECT", "word:A"]),
        ("\u0131n\u017fert", ["word:INSERT"]),
        ("a--b\rc", ["word:A", "word:C"]),
        ("a--b\u2028c\nd", ["word:A", "word:D"]),
        ("a/*b/*c*/d", ["word:A", "word:D"]),
        ("'it''s'", ["string:'it''s'"]),
        ("'\\'", ["string:'\\'"]),
        ('"a""b"', ['quoted:"a""b"']),
        ("U&'x' u&'y'", ["unicode:U&'x'", "unicode:u&'y'"]),
        ("X'0a' ax'0a'", ["binary:X'0a'", "word:AX", "string:'0a'"]),
        ("`a``b`", ["backquoted:`a``b`"]),
        ("1 1.5 .5 1. 1e5 1E-5", [f"number:{n}" for n in ("1", "1.5", ".5", "1.", "1e5", "1E-5")]),
        ("1a 1e5x 1e 1_0", [f"digits:{n}" for n in ("1a", "1e5x", "1e", "1_0")]),
        ("a@b:c", ["word:A@B:C"]),
        ("x->y=>z", ["word:X", "operator:->", "word:Y", "operator:=>", "word:Z"]),
        ("a<>b!=c||d", [*("word:A", "operator:<>", "word:B", "operator:!="),
                        *("word:C", "operator:||", "word:D")]),
        ("1-1 1--1", ["number:1", "operator:-", "number:1", "number:1"]),
        ("a / b * c", ["word:A", "operator:/", "word:B", "operator:*", "word:C"]),
    ],
)  # fmt: skip
def test_a_text_is_cut_as_presto_cuts_it(sql: str, tokens: list[str]) -> None:
    assert cut(sql) == tokens
    assert lex(sql).fault is None


@pytest.mark.parametrize("space", ["\u00a0", "\u2028", "\u0085", "\v", "\f", "\u3000", "\ufeff"])
def test_only_four_characters_are_white_space(space: str) -> None:
    fault = lex(f"SELECT{space}1").fault

    assert fault is not None
    assert fault.start == 6


@pytest.mark.parametrize("sql", ["'a", '"a', "`a", "/* a", "a :b", "a | b", "a ! b", "$1", "{a}"])
def test_what_presto_cannot_cut_is_a_fault(sql: str) -> None:
    assert lex(sql).fault is not None


def test_no_other_letter_becomes_an_ascii_letter() -> None:
    """Java's upper case of one code point is one code point; Python's may be several."""
    folded = {
        chr(code): upper
        for code in range(128, sys.maxunicode + 1)
        if not 0xD800 <= code <= 0xDFFF and (upper := chr(code).upper()).isascii()
    }

    assert {letter for letter, upper in folded.items() if len(upper) == 1} == {"\u0131", "\u017f"}
    assert fold("\u0131n\u017fert") == "INSERT"


def test_places_count_as_presto_counts_them() -> None:
    assert place("a\nbc", 3) == (2, 2)
    assert place("a\rbc", 3) == (1, 4)
