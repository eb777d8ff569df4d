import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from dragoman.answer.budget import HARD_TOKENS, Budget, Coverage, MaxTokens, fit, tokens

ROUNDS = 5_000 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 100


@pytest.mark.proof
@settings(max_examples=ROUNDS, deadline=None, derandomize=True)
@given(st.lists(st.text(max_size=60), max_size=30), st.integers(0, 200), st.integers(0, 5))
def test_what_is_kept_never_exceeds_the_budget(items: list[str], most: int, start: int) -> None:
    kept = fit(items, str, Budget(most), start=start)

    assert tokens("".join(f"{item}\n" for item in kept.items)) <= most
    assert list(kept.items) == items[start : start + kept.kept]
    assert kept.delivered == len(items)
    assert (kept.next is None) == (start + kept.kept >= len(items))


@pytest.mark.proof
@settings(max_examples=ROUNDS, deadline=None, derandomize=True)
@given(st.lists(st.text(max_size=40), max_size=20))
def test_walking_from_next_to_next_gives_every_item_once(items: list[str]) -> None:
    walked: list[str] = []
    position: int | None = 0
    while position is not None:
        kept = fit(items, str, Budget(50), start=position)
        walked += kept.items
        position = kept.next

    assert walked == items


def test_an_item_too_large_for_any_answer_says_what_it_needs() -> None:
    kept = fit(["x" * 1000], str, Budget(100))

    assert (kept.kept, kept.next, kept.needed) == (0, 0, 251)


def test_none_is_said_only_of_a_complete_list() -> None:
    complete = Coverage(kept=0, delivered=0, claimed=0).of("failed stages")
    unread = Coverage(kept=0, delivered=0, claimed=12).of("failed stages")
    unknown = Coverage(kept=0, delivered=0).of("failed stages")

    assert complete == "no failed stages, complete"
    assert unread == "0 failed stages shown, 0 read of 12"
    assert unknown == "0 failed stages shown, 0 read of an unknown number"


def test_a_budget_shrinks_by_what_the_answer_holds_anyway() -> None:
    assert Budget(100).less("a" * 40, "b").max_tokens == 89
    assert Budget(1).less("a" * 40).max_tokens == 0


@pytest.mark.parametrize("asked", [0, 99, HARD_TOKENS + 1])
def test_a_limit_outside_its_range_is_refused(asked: int) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[int](MaxTokens).validate_python(asked)
