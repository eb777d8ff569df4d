from dataclasses import replace

import pytest
from approval_room import AGENT, ALICE, BOB, CALL, IN_FORM, MALLORY, NO, YES, Clock, fresh

from dragoman.auth.caller import Caller
from dragoman.elicitation import door
from dragoman.elicitation.decision import Door, State, Verdict
from dragoman.elicitation.proposal import draft
from dragoman.elicitation.question import Item, Question
from dragoman.elicitation.store import LocalApprovals
from dragoman.errors import ApprovalRefused, BadInput, NotPermitted

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("approver", "verdict", "refusal"),
    [
        (replace(ALICE, surface="chat"), YES, "An agent cannot decide"),
        (replace(BOB, surface="slack"), YES, "An agent cannot decide"),
        (replace(BOB, surface="slack"), NO, "An agent cannot decide"),
        (Caller("", workload="spiffe://x/job"), YES, "A service cannot decide"),
        (replace(BOB, expires_at=1_000), YES, "sign-in has expired"),
        (BOB, IN_FORM, "form is not a door"),
    ],
)
async def test_only_a_person_signed_in_themselves_decides(
    store: LocalApprovals, clock: Clock, approver: Caller, verdict: Verdict, refusal: str
) -> None:
    one = fresh(clock)
    await store.propose(one)

    with pytest.raises(ApprovalRefused, match=refusal):
        await store.decide(one.id, approver, verdict)

    assert (await store.get(one.id)).state is State.OPEN


async def test_an_approver_needs_the_right_to_approve(store: LocalApprovals, clock: Clock) -> None:
    one = fresh(clock)
    await store.propose(one)

    with pytest.raises(NotPermitted, match=r"presto\.approve"):
        await store.decide(one.id, MALLORY, YES)

    assert (await store.get(one.id)).state is State.OPEN


@pytest.mark.parametrize(
    "self_again",
    [
        ALICE,
        replace(ALICE, subject="ALICE"),
        replace(ALICE, subject="\uff21lice "),
        replace(ALICE, issuer="https://other.example"),
        replace(ALICE, workload="spiffe://x/browser"),
    ],
)
async def test_four_eyes_sees_one_human_behind_agents_accounts_and_letter_case(
    store: LocalApprovals, clock: Clock, self_again: Caller
) -> None:
    one = fresh(clock, replace(CALL, four_eyes=True))
    await store.propose(one)

    with pytest.raises(ApprovalRefused, match="another person"):
        await store.decide(one.id, self_again, YES)
    with pytest.raises(ApprovalRefused, match="second person"):
        await store.answer(one.id, AGENT, IN_FORM)

    assert (await store.decide(one.id, BOB, YES)).state is State.APPROVED


async def test_without_four_eyes_the_person_approves_their_own_agent_s_call(
    store: LocalApprovals, clock: Clock
) -> None:
    one = fresh(clock)
    await store.propose(one)

    record = await store.decide(one.id, ALICE, YES)

    assert record.status().startswith("approved by alice at 1970-01-01 00:16:40 UTC")


async def test_withdrawing_one_s_own_proposal_is_always_allowed(
    store: LocalApprovals, clock: Clock
) -> None:
    one = fresh(clock, replace(CALL, four_eyes=True))
    await store.propose(one)
    await store.decide(one.id, BOB, YES)

    with pytest.raises(ApprovalRefused, match="Only the person"):
        await store.withdraw(one.id, BOB)
    record = await store.withdraw(one.id, ALICE)

    assert record.state is State.WITHDRAWN
    with pytest.raises(ApprovalRefused, match="withdrawn"):
        await store.consume(one, b"intent")


async def test_the_second_to_decide_is_told_who_did_what_and_when(
    store: LocalApprovals, clock: Clock
) -> None:
    one = fresh(clock)
    await store.propose(one)
    await store.decide(one.id, BOB, NO)

    with pytest.raises(ApprovalRefused, match=r"rejected by bob at 1970.*: not today"):
        await store.decide(one.id, ALICE, YES)


async def test_a_signed_in_rejection_holds_until_it_expires(
    store: LocalApprovals, clock: Clock
) -> None:
    one = fresh(clock)
    await store.propose(one)
    await store.decide(one.id, BOB, NO)

    held = await store.propose(fresh(clock))
    clock.now += 61
    anew = await store.propose(fresh(clock))

    assert (held.record.state, held.record.proposal.id) == (State.REJECTED, one.id)
    assert anew.record.state is State.OPEN


async def test_a_rejection_in_one_s_own_form_can_be_thought_over(
    store: LocalApprovals, clock: Clock
) -> None:
    one = fresh(clock)
    await store.propose(one)
    await store.answer(one.id, AGENT, Verdict(yes=False, door=Door.CLIENT, reason="hm"))

    standing = await store.propose(fresh(clock))

    assert standing.record.state is State.OPEN


async def test_a_form_shown_to_another_caller_decides_nothing(
    store: LocalApprovals, clock: Clock
) -> None:
    one = fresh(clock)
    await store.propose(one)

    for other in (replace(AGENT, subject="bob"), replace(AGENT, surface="slack")):
        with pytest.raises(ApprovalRefused, match="another caller"):
            await store.answer(one.id, other, IN_FORM)
    with pytest.raises(ApprovalRefused, match="client's form"):
        await store.answer(one.id, AGENT, YES)

    assert (await store.get(one.id)).state is State.OPEN


async def test_only_listed_items_can_be_struck_and_not_all_of_them(
    store: LocalApprovals, clock: Clock
) -> None:
    question = Question("Run?", (Item("a", "A"), Item("b", "B")), items_argument="list")
    call = replace(CALL, arguments={"list": ["a", "b"]})
    one = draft(call, AGENT, question, clock.now)
    await store.propose(one)

    with pytest.raises(ApprovalRefused, match="struck"):
        await store.decide(one.id, BOB, replace(YES, struck=("c",)))
    with pytest.raises(ApprovalRefused, match="nothing is left"):
        await store.decide(one.id, BOB, replace(YES, struck=("a", "b")))
    with pytest.raises(BadInput, match="'3' is not in the list"):
        await door.approve(store, one.id, BOB, strike="3")
    record = await door.approve(store, one.id, BOB, strike="2")

    assert record.struck == ("b",)
    assert "2. B  (struck)" in door.describe(record)


async def test_the_list_shows_one_s_own_and_what_one_may_decide(
    store: LocalApprovals, clock: Clock
) -> None:
    mine = fresh(clock, caller=replace(AGENT, subject="mallory"))
    await store.propose(mine)
    clock.now += 1
    await store.propose(fresh(clock))

    seen = [record.proposal.id for record in await door.waiting(store, MALLORY)]
    all_seen = await door.waiting(store, BOB)

    assert seen == [mine.id]
    assert [record.proposal.person.subject for record in all_seen] == ["alice", "mallory"]
