from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from approval_room import AGENT, BOB, CALL, ISSUER, YES, Clock, fresh, open_store

from dragoman.auth.caller import Caller
from dragoman.elicitation.decision import State
from dragoman.elicitation.proposal import Person
from dragoman.elicitation.store import LocalApprovals
from dragoman.errors import ApprovalRefused, BadInput

pytestmark = pytest.mark.anyio


async def test_the_same_call_repeated_finds_its_own_proposal(
    store: LocalApprovals, clock: Clock
) -> None:
    first = fresh(clock)
    await store.propose(first)

    again = await store.propose(fresh(clock))

    assert again.record.proposal == first
    found = await store.find_open(first.call)
    assert found is not None
    assert found.state is State.OPEN


@pytest.mark.parametrize(
    "other",
    [
        replace(AGENT, subject="bob"),
        replace(AGENT, issuer="https://other.example"),
        replace(AGENT, surface="slack"),
        replace(AGENT, workload="spiffe://x/other"),
    ],
)
async def test_another_caller_never_finds_an_approval(
    store: LocalApprovals, clock: Clock, other: Caller
) -> None:
    first = fresh(clock)
    await store.propose(first)
    await store.decide(first.id, BOB, YES)

    standing = await store.propose(fresh(clock, caller=other))

    assert standing.record.proposal.id != first.id
    assert standing.record.state is State.OPEN


async def test_an_approval_is_good_for_one_call(store: LocalApprovals, clock: Clock) -> None:
    one = fresh(clock)
    await store.propose(one)
    await store.decide(one.id, BOB, YES)
    await store.consume(one, b"intent")

    with pytest.raises(ApprovalRefused, match="already used at 1970-01-01 00:16:40 UTC"):
        await store.consume(one, b"intent")

    assert (await store.propose(fresh(clock))).record.proposal.id != one.id


async def test_what_nobody_approved_is_never_consumed(store: LocalApprovals, clock: Clock) -> None:
    one = fresh(clock)
    await store.propose(one)

    with pytest.raises(ApprovalRefused, match="not approved yet"):
        await store.consume(one, b"intent")
    with pytest.raises(ApprovalRefused, match="no proposal"):
        await store.consume(fresh(clock), b"intent")


async def test_a_proposal_altered_after_its_approval_is_refused_with_the_difference(
    store: LocalApprovals, clock: Clock
) -> None:
    one = fresh(clock)
    await store.propose(one)
    await store.decide(one.id, BOB, YES)
    other = replace(fresh(clock, replace(CALL, arguments={"table": "b"})), id=one.id)

    with pytest.raises(ApprovalRefused, match="argument `table` was 'a', is 'b'"):
        await store.consume(other, b"intent")

    assert (await store.get(one.id)).state is State.APPROVED


async def test_an_approval_of_other_arguments_is_told_and_does_not_count(
    store: LocalApprovals, clock: Clock
) -> None:
    one = fresh(clock)
    await store.propose(one)
    await store.decide(one.id, BOB, YES)

    standing = await store.propose(fresh(clock, replace(CALL, arguments={"table": "b"})))

    assert standing.record.state is State.OPEN
    assert "argument `table` was 'a', is 'b'" in standing.notes[0]


async def test_a_changed_policy_ends_the_approval(store: LocalApprovals, clock: Clock) -> None:
    one = fresh(clock)
    await store.propose(one)
    await store.decide(one.id, BOB, YES)

    standing = await store.propose(fresh(clock, replace(CALL, policy_version="policy-2")))

    assert standing.differences == ("the policy was 'policy-1', is 'policy-2'",)
    assert standing.record.state is State.OPEN
    assert (await store.get(one.id)).state is State.EXPIRED
    with pytest.raises(ApprovalRefused, match="expired"):
        await store.consume(one, b"intent")


async def test_expiry_closes_what_is_open_and_what_is_approved(
    store: LocalApprovals, clock: Clock
) -> None:
    opened = fresh(clock, life=60)
    approved = fresh(clock, replace(CALL, arguments={"table": "b"}), life=60)
    await store.propose(opened)
    await store.propose(approved)
    await store.decide(approved.id, BOB, YES)
    clock.now += 60

    with pytest.raises(ApprovalRefused, match="expired at"):
        await store.decide(opened.id, BOB, YES)
    with pytest.raises(ApprovalRefused, match="expired at"):
        await store.consume(approved, b"intent")

    assert await store.find_open(approved.call) is None
    assert {record.state for record in await store.list(BOB)} == {State.EXPIRED}


async def test_proposals_and_approvals_outlive_a_restart(path: Path, clock: Clock) -> None:
    one = fresh(clock)
    before = open_store(path, clock)
    await before.propose(one)
    await before.decide(one.id, BOB, YES)

    after = open_store(path, clock)
    standing = await after.propose(fresh(clock))
    await after.consume(standing.record.proposal, b"intent")

    assert standing.record.proposal == one
    assert "unknown: started at" in (await after.get(one.id)).status()


async def test_a_call_without_outcome_is_unknown_and_says_what_to_check(
    store: LocalApprovals, clock: Clock
) -> None:
    one = fresh(clock)
    await store.propose(one)
    await store.decide(one.id, BOB, YES)
    await store.consume(one, b"intent")

    standing = await store.propose(fresh(clock))
    unfinished = await store.unfinished()

    assert [(record.proposal.id, intent) for record, intent in unfinished] == [(one.id, b"intent")]
    assert f"was approved before as {one.id}, and how it ended is unknown" in standing.notes[0]
    assert "check in presto what drop_table did" in standing.notes[0]
    await store.finish(one.id, "success")
    assert (await store.get(one.id)).status() == "used at 1970-01-01 00:16:40 UTC: success"
    assert await store.unfinished() == []
    with pytest.raises(ApprovalRefused, match="no running call"):
        await store.finish(one.id, "success")


async def test_the_outcome_is_written_though_the_call_is_cancelled(
    store: LocalApprovals, clock: Clock
) -> None:
    one = fresh(clock)
    await store.propose(one)
    await store.decide(one.id, BOB, YES)
    await store.consume(one, b"intent")

    with anyio.CancelScope() as scope:
        scope.cancel()
        await store.finish(one.id, "cancelled")

    assert (await store.get(one.id)).status().endswith("cancelled")


async def test_reading_a_proposal_approves_nothing(store: LocalApprovals, clock: Clock) -> None:
    one = fresh(clock)
    await store.propose(one)

    await store.get(one.id)
    await store.find_open(one.call)
    await store.list(BOB)

    assert (await store.get(one.id)).state is State.OPEN


async def test_a_plan_is_its_owner_s_alone_until_it_runs_out(
    store: LocalApprovals, clock: Clock
) -> None:
    owner, other = Person(ISSUER, "alice"), Person(ISSUER, "bob")
    plan_id = await store.save_plan(owner, "clear 3 runs", "d1", clock.now + 10)

    plan = await store.get_plan(plan_id, Person(ISSUER, "ALICE"))

    assert (plan.content, plan.digest) == ("clear 3 runs", "d1")
    with pytest.raises(BadInput, match="no plan"):
        await store.get_plan(plan_id, other)
    with pytest.raises(BadInput, match="no plan"):
        await store.get_plan("guess", owner)
    clock.now += 10
    with pytest.raises(BadInput, match="ran out"):
        await store.get_plan(plan_id, owner)


async def test_a_use_is_known_to_its_caller_though_the_call_is_cancelled(
    store: LocalApprovals, clock: Clock
) -> None:
    one = fresh(clock)
    await store.propose(one)
    await store.decide(one.id, BOB, YES)
    used = False

    with anyio.CancelScope() as scope:
        scope.cancel()
        await store.consume(one, b"intent")
        used = True

    assert used
    assert (await store.get(one.id)).state is State.CONSUMED


async def test_an_agent_cannot_bury_the_approvers(store: LocalApprovals, clock: Clock) -> None:
    for number in range(100):
        await store.propose(fresh(clock, replace(CALL, arguments={"table": str(number)})))

    with pytest.raises(ApprovalRefused, match="100 calls of drop_table already wait"):
        await store.propose(fresh(clock))

    again = await store.propose(fresh(clock, replace(CALL, arguments={"table": "7"})))
    assert again.record.state is State.OPEN
