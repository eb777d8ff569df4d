"""Approvals through the whole guard: a yes is a person's, for one call, as it was shown."""

from pathlib import Path

import pytest
from harbour import ALICE, CAROL, DAVE, Sea, harbour
from mcp.types import CallToolResult, ElicitResult, ErrorData, InputRequiredResult, InputResponse

from dragoman.auth.caller import Caller
from dragoman.elicitation import door
from dragoman.errors import ApprovalRefused, NotPermitted
from dragoman.telemetry.record import Record
from dragoman.testing import DECLINE, YES, Connection, Era, Form, connected, text_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def sea() -> Sea:
    return Sea()


def kinds(audit: list[Record]) -> list[tuple[str, str | None]]:
    return [(record.kind, record.result) for record in audit]


async def waits(state: Path, era: Era, tool: str) -> tuple[str, list[Record]]:
    """What an agent without forms is told, and the audit of it."""
    async with connected(harbour(Sea()), ALICE, state=state, mode=era) as there:
        result = await there.call(tool, {"ship": "Erna"})
        assert result.is_error
        return text_of(result), await there.audit()


async def test_write_runs_once_a_person_has_said_yes(sea: Sea, tmp_path: Path, era: Era) -> None:
    form = Form(YES)
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era, elicitation=form) as there:
        result = await there.call("move_ship", {"ship": "Erna"})
        audit = await there.audit()

    assert text_of(result) == "done: moved Erna to 1"
    assert [each.message.splitlines()[0] for each in form.shown] == ["Move Erna to 1 for alice?"]
    (intent,) = [record for record in audit if record.kind == "intent"]
    assert "approved by alice through their client's form" in intent.decision
    assert intent.arguments == '{"berth":1,"ship":"Erna"}'


@pytest.mark.parametrize(
    "answer",
    [
        DECLINE,
        ElicitResult(action="cancel"),
        ElicitResult(action="accept"),
        ElicitResult(action="accept", content={"approve": False}),
        ElicitResult(action="accept", content={"approve": "yes"}),
    ],
    ids=["decline", "cancel", "accept without content", "no without a reason", "yes as text"],
)
async def test_answer_that_a_client_gives_by_itself_leaves_the_call_waiting(
    sea: Sea, tmp_path: Path, era: Era, answer: ElicitResult
) -> None:
    async with connected(
        harbour(sea), ALICE, state=tmp_path, mode=era, elicitation=Form(answer)
    ) as there:
        result = await there.call("move_ship", {"ship": "Erna"})
        waiting = await door.waiting(there.app.approvals, ALICE)
        audit = await there.audit()

    assert "not a person's decision" in text_of(result)
    assert (len(waiting), sea.acts) == (1, [])
    assert kinds(audit)[-1] == ("decline", "waiting_approval")
    assert not [record for record in audit if record.kind in {"intent", "approval"}]


async def test_no_with_a_reason_is_audited_as_a_persons_refusal(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    answer = ElicitResult(action="accept", content={"approve": False, "reason": "storm"})
    async with connected(
        harbour(sea), ALICE, state=tmp_path, mode=era, elicitation=Form(answer)
    ) as there:
        result = await there.call("move_ship", {"ship": "Erna"})
        audit = await there.audit()

    assert "rejected by alice" in text_of(result)
    assert kinds(audit)[-1] == ("approval", "refused")
    assert "storm" in audit[-1].decision
    assert sea.acts == []


async def test_client_that_cannot_elicit_is_told_where_a_person_can_say_yes(
    tmp_path: Path, era: Era
) -> None:
    text, audit = await waits(tmp_path, era, "move_ship")

    assert "the client cannot show forms" in text
    assert "dragoman approvals approve" in text
    assert kinds(audit) == [("proposal", "waiting_approval")]


async def test_client_that_accepts_by_itself_cannot_destroy(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    form = Form(YES)
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era, elicitation=form) as there:
        sunk = await there.call("sink_ship", {"ship": "Erna"})
        refit = await there.call("refit_ship", {"ship": "Erna"})
        scuttled = await there.call("scuttle_ship", {"ship": "Erna"})
        audit = await there.audit()

    assert sunk.is_error
    assert refit.is_error
    assert scuttled.is_error
    assert (form.shown, sea.acts) == ([], [])
    assert [record.risk for record in audit] == ["destroy", "destroy", "destroy"]


async def test_surface_that_policy_trusts_with_forms_may_destroy(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    bridge = Caller(
        "alice", ALICE.groups, surface="bridge", issuer=ALICE.issuer, scopes=ALICE.scopes
    )
    async with connected(
        harbour(sea), bridge, state=tmp_path, mode=era, elicitation=Form(YES)
    ) as there:
        await there.call("sink_ship", {"ship": "Erna"})
        scuttled = await there.call("scuttle_ship", {"ship": "Erna"})

    assert sea.acts == ["sank Erna"]
    assert "second person" in text_of(scuttled)


async def approve(there: Connection, who: Caller, strike: str = "") -> str:
    (record,) = await door.waiting(there.app.approvals, who)
    await door.approve(there.app.approvals, record.proposal.id, who, strike)
    return record.proposal.id


async def test_approval_is_good_for_one_call(sea: Sea, tmp_path: Path, era: Era) -> None:
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era) as there:
        await there.call("sink_ship", {"ship": "Erna"})
        await approve(there, CAROL)

        first = await there.call("sink_ship", {"ship": "Erna"})
        again = await there.call("sink_ship", {"ship": "Erna"})

    assert not first.is_error
    assert "waits for a person" in text_of(again)
    assert sea.acts == ["sank Erna"]


async def test_round_that_was_approved_cannot_be_replayed(sea: Sea, tmp_path: Path) -> None:
    async with connected(harbour(sea), ALICE, state=tmp_path, elicitation=Form(YES)) as there:
        session = there.client.session
        asked = await session.call_tool("move_ship", {"ship": "Erna"}, allow_input_required=True)
        assert isinstance(asked, InputRequiredResult)
        answers: dict[str, InputResponse] = {"approval": YES}

        results = [
            await session.call_tool(
                "move_ship",
                {"ship": "Erna"},
                input_responses=answers,
                request_state=asked.request_state,
                allow_input_required=True,
            )
            for _ in range(3)
        ]
        audit = await there.audit()

    assert sea.acts == ["moved Erna to 1"]
    assert [isinstance(one, CallToolResult) and one.is_error for one in results] == [
        False,
        True,
        True,
    ]
    assert [kind for kind in kinds(audit) if kind[0] == "refusal"] == [("refusal", "refused")] * 2


async def test_approval_does_not_cover_other_arguments(sea: Sea, tmp_path: Path, era: Era) -> None:
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era) as there:
        await there.call("move_ship", {"ship": "Erna"})
        await approve(there, CAROL)

        other = await there.call("move_ship", {"ship": "Erna", "berth": 2})
        same = await there.call("move_ship", {"berth": 1, "ship": "Erna"})

    assert "argument `berth` was '1', is '2'" in text_of(other)
    assert not same.is_error
    assert sea.acts == ["moved Erna to 1"]


async def test_approval_does_not_cover_what_the_call_would_do_by_now(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era) as there:
        await there.call("move_ship", {"ship": "Erna"})
        await approve(there, CAROL)
        sea.plan = "storm"

        result = await there.call("move_ship", {"ship": "Erna"})

    assert "has changed since the question was asked" in text_of(result)
    assert sea.acts == []


async def test_approval_is_worth_nothing_to_another_caller(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era) as there:
        await there.call("move_ship", {"ship": "Erna"})
        await approve(there, CAROL)

    async with connected(harbour(sea), CAROL, state=tmp_path, mode=era) as there:
        result = await there.call("move_ship", {"ship": "Erna"})

    assert "waits for a person" in text_of(result)
    assert sea.acts == []


async def test_approval_outlives_a_restart(sea: Sea, tmp_path: Path, era: Era) -> None:
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era) as there:
        await there.call("sink_ship", {"ship": "Erna"})
        await approve(there, CAROL)

    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era) as there:
        await there.call("sink_ship", {"ship": "Erna"})

    assert sea.acts == ["sank Erna"]


async def test_agents_own_token_approves_nothing(sea: Sea, tmp_path: Path, era: Era) -> None:
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era) as there:
        await there.call("sink_ship", {"ship": "Erna"})

        with pytest.raises(ApprovalRefused, match="An agent cannot decide"):
            await approve(there, ALICE)
        await there.call("sink_ship", {"ship": "Erna"})

    assert sea.acts == []


async def test_person_without_the_right_approves_nothing(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era) as there:
        await there.call("sink_ship", {"ship": "Erna"})
        (record,) = await door.waiting(there.app.approvals, CAROL)

        with pytest.raises(NotPermitted, match="may not decide"):
            await door.approve(there.app.approvals, record.proposal.id, DAVE)

    assert sea.acts == []


async def test_second_person_is_another_than_the_one_behind_the_agent(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    herself = Caller("ALICE", ALICE.groups, issuer=ALICE.issuer)
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era) as there:
        await there.call("scuttle_ship", {"ship": "Erna"})
        with pytest.raises(ApprovalRefused, match="another person"):
            await approve(there, herself)
        await approve(there, CAROL)

        result = await there.call("scuttle_ship", {"ship": "Erna"})

    assert not result.is_error
    assert sea.acts == ["scuttled Erna"]


async def test_struck_item_never_reaches_the_tool(sea: Sea, tmp_path: Path, era: Era) -> None:
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era) as there:
        await there.call("move_ships", {"ships": ["Erna", "Otto", "Ida"]})
        await approve(there, CAROL, strike="2")

        await there.call("move_ships", {"ships": ["Erna", "Otto", "Ida"]})
        audit = await there.audit()

    assert sea.acts == ["moved Erna, Ida"]
    (intent,) = [record for record in audit if record.kind == "intent"]
    assert intent.arguments == '{"ships":["Erna","Ida"]}'


async def test_form_that_the_client_cannot_show_leaves_the_call_waiting(
    sea: Sea, tmp_path: Path
) -> None:
    form = Form(ErrorData(code=-32000, message="no screen"))
    async with connected(
        harbour(sea), ALICE, state=tmp_path, mode="legacy", elicitation=form
    ) as there:
        result = await there.call("move_ship", {"ship": "Erna"})
        audit = await there.audit()

    assert "refused to show the form" in text_of(result)
    assert kinds(audit) == [("decline", "waiting_approval")]
