import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.answer.canonical import Json, digest
from dragoman.auth.caller import Caller
from dragoman.elicitation.proposal import Call, Person, Proposal, draft
from dragoman.elicitation.question import Item, Question
from dragoman.errors import ApprovalRefused, BadInput
from dragoman.risk import Risk

ALICE = Caller("alice", issuer="https://idp.example", surface="chat", workload="spiffe://x/chat")
CALL = Call("presto", "drop_table", "schema-1", {"table": "a"}, "policy-1", Risk.DESTROY)
QUESTION = Question("Drop table a?", digest="rows-5")
NOW = 1_000.0


def proposal(call: Call = CALL, caller: Caller = ALICE, question: Question = QUESTION) -> Proposal:
    return draft(call, caller, question, NOW)


def test_the_same_call_again_has_no_differences_and_its_own_id() -> None:
    first, again = proposal(), proposal()

    assert first.differences(again, NOW) == []
    assert first.call == again.call
    assert first.binding() == again.binding()
    assert first.id != again.id
    assert len(first.id) == 32


def test_changed_arguments_are_named_with_both_values() -> None:
    other = proposal(replace(CALL, arguments={"table": "b", "force": True}))

    differences = proposal().differences(other, NOW)

    assert differences == [
        "argument `force` was not given, is 'true'",
        "argument `table` was 'a', is 'b'",
    ]


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (proposal(replace(CALL, server="spark")), "the server was 'presto', is 'spark'"),
        (proposal(replace(CALL, tool="drop")), "the tool was 'drop_table', is 'drop'"),
        (proposal(replace(CALL, tool_schema="schema-2")), "description or arguments"),
        (proposal(replace(CALL, policy_version="policy-2")), "the policy was 'policy-1'"),
        (proposal(replace(CALL, four_eyes=True)), "people needed was 'one', is 'two'"),
        (proposal(replace(CALL, risk=Risk.WRITE)), "the risk was 'destroy', is 'write'"),
        (proposal(caller=replace(ALICE, subject="bob")), "the person was 'alice', is 'bob'"),
        (proposal(caller=replace(ALICE, issuer="https://evil.example")), "the issuer"),
        (proposal(caller=replace(ALICE, surface="slack")), "the surface was 'chat'"),
        (proposal(caller=replace(ALICE, workload="spiffe://x/y")), "the calling service"),
        (proposal(question=Question("Drop table a?", digest="rows-9")), "what the call would do"),
        (
            proposal(question=replace(QUESTION, items=(Item("x", "one more"),))),
            "item 'one more' was not listed, is now",
        ),
    ],
)
def test_each_thing_that_is_bound_is_told_when_it_changes(other: Proposal, difference: str) -> None:
    differences = proposal().differences(other, NOW)

    assert len(differences) == 1
    assert difference in differences[0]
    assert proposal().binding() != other.binding()


def test_an_expired_proposal_says_when_it_ended() -> None:
    one = proposal()

    assert one.differences(proposal(), one.expires) == ["it expired at 1970-01-01 01:16:40 UTC"]


def test_other_words_for_the_same_state_are_no_difference() -> None:
    later = proposal(question=replace(QUESTION, text="Drop table a? (asked at 12:01)"))

    assert proposal().differences(later, NOW) == []


def test_a_secret_argument_is_bound_but_never_kept_in_words() -> None:
    one = proposal(replace(CALL, arguments={"password": "hunter2-hunter2"}))
    other = proposal(replace(CALL, arguments={"password": "letmein-letmein"}))

    differences = one.differences(other, NOW)

    assert differences == ["an argument differs in a part that is not shown because it is secret"]
    assert "hunter2" not in repr(one)


def test_a_secret_in_the_question_is_hidden_from_the_approver() -> None:
    one = proposal(question=Question("Run with password=hunter2hunter2?"))

    assert "hunter2" not in repr(one)


def test_long_arguments_that_differ_at_their_end_show_where() -> None:
    one = proposal(replace(CALL, arguments={"sql": "select " + "x, " * 200 + "1"}))
    other = proposal(replace(CALL, arguments={"sql": "select " + "x, " * 200 + "2"}))

    (difference,) = one.differences(other, NOW)

    assert difference.endswith("x, 2'")
    assert len(difference) < 120


def test_a_caller_without_a_person_cannot_propose() -> None:
    with pytest.raises(ApprovalRefused, match="no person"):
        draft(CALL, Caller("", workload="spiffe://x/job"), QUESTION, NOW)


def test_text_that_no_store_can_hold_is_bad_input() -> None:
    call = replace(CALL, arguments={"list": ["\ud800"]})
    question = Question("Run?", items=(Item("\ud800", "x"),), items_argument="list")

    with pytest.raises(BadInput, match="Unicode"):
        draft(call, ALICE, question, NOW)


def test_one_human_is_recognised_behind_letter_case_and_another_account() -> None:
    alice = Person("https://idp.example", "alice@x.example")

    assert alice.is_same_human(Person("https://idp.example", "ALICE@X.example "))
    assert alice.is_same_human(Person("https://other.example", "alice@x.example"))
    assert not alice.is_same_account(Person("https://other.example", "alice@x.example"))
    assert not alice.is_same_human(Person("https://idp.example", "bob@x.example"))


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=6)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(max_size=4), values, max_size=4), st.randoms())
def test_equal_arguments_have_equal_digests_whatever_the_order_of_keys(
    arguments: dict[str, Json], order: random.Random
) -> None:
    shuffled = _shuffled(arguments, order)

    assert digest(arguments) == digest(shuffled)
    assert digest(arguments) == digest(json.loads(json.dumps(arguments)))


@settings(max_examples=50, deadline=None)
@given(values, values)
def test_unequal_arguments_have_unequal_digests(one: Json, other: Json) -> None:
    assert (digest(one) == digest(other)) <= (_plain(one) == _plain(other))


@settings(max_examples=50, deadline=None)
@given(st.integers(min_value=2**53 - 4), st.integers(min_value=1, max_value=3))
def test_neighbouring_large_integers_do_not_collide(number: int, step: int) -> None:
    one = proposal(replace(CALL, arguments={"n": number}))
    other = proposal(replace(CALL, arguments={"n": number + step}))

    assert one.call != other.call
    assert one.differences(other, NOW)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (0, False), (0, None), ("1", 1), (1.5, "1.5"), ([], {}), ([1], "1"), ("", None)],
)
def test_values_of_other_kinds_do_not_collide(one: Json, other: Json) -> None:
    assert digest({"x": one}) != digest({"x": other})


def _shuffled(value: Json, order: random.Random) -> Any:
    if isinstance(value, dict):
        pairs = [(key, _shuffled(item, order)) for key, item in value.items()]
        order.shuffle(pairs)
        return dict(pairs)
    if isinstance(value, list):
        return [_shuffled(item, order) for item in value]
    return value


def _plain(value: Json) -> Any:
    """The value with its booleans told apart from numbers, which Python does not."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
