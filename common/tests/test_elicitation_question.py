import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.elicitation.question import (
    Item,
    Question,
    approved_items,
    element_id,
    subset,
    visible,
)
from dragoman.errors import ApprovalRefused, BadInput
from dragoman.risk import Risk

BATCH = Question(
    "Run these?", items=(Item("a", "first"), Item("b", "second")), items_argument="statements"
)


def test_a_question_may_raise_the_risk_of_its_call() -> None:
    question = Question("Kill running work?", risk=Risk.DESTROY)

    assert question.final_risk(Risk.WRITE) is Risk.DESTROY
    assert Question("Pause?").final_risk(Risk.WRITE) is Risk.WRITE


def test_a_question_that_lowers_the_risk_is_a_programming_error() -> None:
    question = Question("Drop?", risk=Risk.READ)

    with pytest.raises(TypeError, match="never lower"):
        question.final_risk(Risk.DESTROY)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_question_without_words_is_refused(text: str) -> None:
    with pytest.raises(TypeError, match="without words"):
        Question(text)


def test_items_must_be_exactly_what_would_run() -> None:
    with pytest.raises(TypeError, match="not the elements"):
        BATCH.fits({"statements": ["a", "b", "drop everything"]})
    with pytest.raises(TypeError, match="not a list"):
        BATCH.fits({"statements": "ab"})
    with pytest.raises(TypeError, match="not a list"):
        BATCH.fits({})


def test_an_element_named_twice_is_refused_because_striking_it_is_ambiguous() -> None:
    with pytest.raises(BadInput, match="twice"):
        BATCH.fits({"statements": ["a", "b", "a"]})
    with pytest.raises(BadInput, match="twice"):
        Question("Run?", items=(Item("a", "one"), Item("a", "two")))


def test_struck_items_never_reach_the_tool() -> None:
    arguments = {"statements": ["b", "a"], "limit": 3}

    kept = subset(arguments, "statements", ["a"])

    assert kept == {"statements": ["b"], "limit": 3}
    assert approved_items(BATCH, ["a"]) == (Item("b", "second"),)


def test_elements_are_struck_by_value_and_never_by_position() -> None:
    arguments = {"runs": [{"id": 2, "dag": "x"}, {"dag": "x", "id": 1}, 7]}

    kept = subset(arguments, "runs", [element_id({"id": 1, "dag": "x"}), "7"])

    assert kept == {"runs": [{"id": 2, "dag": "x"}]}


def test_striking_everything_leaves_nothing_to_run() -> None:
    with pytest.raises(ApprovalRefused, match="nothing is left"):
        subset({"statements": ["a"]}, "statements", ["a"])


def test_only_items_of_the_question_can_be_struck() -> None:
    with pytest.raises(ApprovalRefused, match="zzz"):
        approved_items(BATCH, ["zzz"])


def test_items_that_belong_together_cannot_be_struck() -> None:
    whole = Question("Run?", items=(Item("a", "first"),))

    with pytest.raises(ApprovalRefused, match="together"):
        approved_items(whole, ["a"])


def test_a_question_cannot_move_the_terminal_or_turn_its_reader_s_text_around() -> None:
    attack = "Drop \x1b[2Ktable\u202eelbat\u200b\r?\nreally\ttrue"

    shown = visible(attack)

    assert shown == "Drop \\u001b[2Ktable\\u202eelbat\\u200b\\u000d?\nreally\ttrue"


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.text(max_size=5), min_size=1, max_size=8, unique=True),
    st.data(),
)
def test_what_runs_is_what_was_listed_without_what_was_struck(
    elements: list[str], data: st.DataObject
) -> None:
    struck = data.draw(st.sets(st.sampled_from(elements), max_size=len(elements) - 1))

    kept = subset({"list": elements}, "list", struck)

    assert kept["list"] == [element for element in elements if element not in struck]
