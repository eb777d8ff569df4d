"""Calls that must not run as they are, through a real client in both protocol eras."""

from pathlib import Path
from typing import Any

import anyio
import pytest
from harbour import ALICE, BOB, DAVE, PROBE, Sea, harbour
from mcp import MCPError

from dragoman.auth.caller import Caller
from dragoman.settings import Settings
from dragoman.telemetry.record import Record
from dragoman.testing import YES, Era, Form, connected, text_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def sea() -> Sea:
    return Sea()


async def refused(
    sea: Sea, state: Path, era: Era, who: Caller, tool: str, arguments: dict[str, Any]
) -> tuple[str, list[Record]]:
    """The text of a call that fails, and the audit of it."""
    async with connected(harbour(sea), who, state=state, mode=era) as there:
        result = await there.call(tool, arguments)
        assert result.is_error
        assert result.structured_content is None
        return text_of(result), await there.audit()


def kinds(audit: list[Record]) -> list[tuple[str, str | None]]:
    return [(record.kind, record.result) for record in audit]


async def test_unknown_tool_is_refused_by_name(sea: Sea, tmp_path: Path, era: Era) -> None:
    text, audit = await refused(sea, tmp_path, era, ALICE, "find_whales", {})

    assert text == "Unknown tool: find_whales. List the tools again."
    assert kinds(audit) == [("refusal", "refused")]


async def test_client_with_an_old_list_is_told_the_name_it_can_see(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    text, _ = await refused(sea, tmp_path, era, ALICE, "find_ship", {})

    assert text == "Unknown tool: find_ship. Did you mean find_ships?"


@pytest.mark.parametrize("who", [BOB, DAVE], ids=["may not connect", "may not write"])
async def test_hidden_tool_reads_exactly_like_an_unknown_one(
    sea: Sea, tmp_path: Path, era: Era, who: Caller
) -> None:
    async with connected(harbour(sea), who, state=tmp_path, mode=era) as there:
        hidden = await there.call("move_ship", {"ship": "Erna"})
        unknown = await there.call("mvoe_ship", {"ship": "Erna"})
        listed = await there.client.list_tools()

    assert hidden.model_dump_json().replace("move", "mvoe") == unknown.model_dump_json()
    assert "move_ship" not in {tool.name for tool in listed.tools}
    assert (sea.opened, sea.acts) == (0, [])


@pytest.mark.parametrize("who", [BOB, DAVE])
async def test_hidden_tool_does_not_judge_its_arguments(
    sea: Sea, tmp_path: Path, era: Era, who: Caller
) -> None:
    text, _ = await refused(sea, tmp_path, era, who, "move_ship", {"shpi": 1})

    assert text == "Unknown tool: move_ship. List the tools again."


async def test_unknown_argument_is_refused_with_the_one_that_was_meant(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    text, audit = await refused(sea, tmp_path, era, ALICE, "find_ships", {"txet": "Erna"})

    assert "unknown argument `txet`, perhaps you mean `text`" in text
    assert kinds(audit) == [("refusal", "tool_error")]
    assert sea.acts == []


async def test_argument_of_the_wrong_type_is_refused_by_name(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    text, _ = await refused(sea, tmp_path, era, ALICE, "find_ships", {"limit": "many"})

    assert "argument `limit`" in text
    assert sea.acts == []


async def test_injected_argument_cannot_be_sent(sea: Sea, tmp_path: Path, era: Era) -> None:
    text, _ = await refused(sea, tmp_path, era, ALICE, "find_ships", {"sea": {}})

    assert "unknown argument `sea`" in text


async def test_missing_argument_of_a_dangerous_tool_asks_nobody(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    form = Form(YES)
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era, elicitation=form) as there:
        result = await there.call("move_ship")

    assert "argument `ship` is missing" in text_of(result)
    assert (form.shown, sea.acts) == ([], [])


async def test_arguments_too_deep_to_be_written_are_refused_and_audited(
    sea: Sea, tmp_path: Path
) -> None:
    deep: object = 0
    for _ in range(220):
        deep = [deep]

    text, audit = await refused(sea, tmp_path, "auto", ALICE, "find_ships", {"text": deep})

    assert "nested deeper" in text
    assert kinds(audit) == [("refusal", "tool_error")]


@pytest.mark.parametrize("number", [float("inf"), float("nan"), 2**70])
async def test_numbers_that_json_does_not_know_do_not_break_the_audit(
    sea: Sea, tmp_path: Path, number: float
) -> None:
    _, audit = await refused(sea, tmp_path, "auto", ALICE, "find_whales", {"x": number})

    assert kinds(audit) == [("refusal", "refused")]


async def test_service_alone_reaches_reads_only_whatever_policy_permits(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    service = Caller("", workload=PROBE)
    async with connected(harbour(sea), service, state=tmp_path, mode=era) as there:
        listed = {tool.name for tool in (await there.client.list_tools()).tools}
        read = await there.call("find_ships")
        note = await there.call("save_note", {"note": "x"})
        moved = await there.call("move_ship", {"ship": "Erna"})

    assert not read.is_error
    assert text_of(note).startswith("Unknown tool: save_note.")
    assert text_of(moved).startswith("Unknown tool: move_ship.")
    assert listed.isdisjoint({"save_note", "move_ship", "sink_ship"})
    assert sea.acts == ["found  10"]


@pytest.mark.parametrize(("channel", "tools"), [("dock", 1), ("mess", 0), ("", 0)])
async def test_tool_of_one_channel_exists_only_there(
    sea: Sea, tmp_path: Path, era: Era, channel: str, tools: int
) -> None:
    who = Caller("alice", ALICE.groups, channel=channel, scopes=ALICE.scopes)
    async with connected(harbour(sea), who, state=tmp_path, mode=era) as there:
        names = [tool.name for tool in (await there.client.list_tools()).tools]
        await there.call("read_manifest")

    assert names.count("read_manifest") == tools
    assert sea.acts == ["manifest"] * tools


async def test_those_who_may_not_connect_learn_nothing_of_the_server(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    async with connected(harbour(sea), BOB, state=tmp_path, mode=era) as there:
        client = there.client
        listed = (
            (await client.list_tools()).tools,
            (await client.list_prompts()).prompts,
            (await client.list_resource_templates()).resource_templates,
        )
        with pytest.raises(MCPError, match="Unknown prompt: pilot"):
            await client.get_prompt("pilot")
        with pytest.raises(MCPError, match="Unknown resource: harbour://chart/x"):
            await client.read_resource("harbour://chart/x")
        told = client.instructions
        audit = await there.audit()

    assert listed == ([], [], [])
    assert told is None
    assert [(record.tool, record.result) for record in audit] == [
        ("pilot", "refused"),
        ("harbour://chart/x", "refused"),
    ]


async def test_prompts_and_resources_are_audited_like_tools(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    async with connected(harbour(sea), DAVE, state=tmp_path, mode=era) as there:
        told = there.client.instructions
        await there.client.get_prompt("pilot")
        await there.client.read_resource("harbour://chart/north")
        audit = await there.audit()

    assert told == "Look first. The harbour master decides."
    assert [(record.kind, record.tool, record.action) for record in audit] == [
        ("intent", "pilot", "harbour.read"),
        ("outcome", "pilot", "harbour.read"),
        ("intent", "harbour://chart/north", "harbour.read"),
        ("outcome", "harbour://chart/north", "harbour.read"),
    ]


async def test_list_is_private_to_its_caller(sea: Sea, tmp_path: Path) -> None:
    async with connected(harbour(sea), DAVE, state=tmp_path) as there:
        listed = await there.client.list_tools()

    assert listed.cache_scope == "private"


@pytest.mark.parametrize("tool", ["wait_for_tide", "tow_ship"])
async def test_client_that_goes_away_ends_the_tool_and_is_audited(
    sea: Sea, tmp_path: Path, era: Era, tool: str
) -> None:
    arguments = {"ship": "Erna"} if tool == "tow_ship" else {}
    async with connected(
        harbour(sea), ALICE, state=tmp_path, mode=era, elicitation=Form(YES)
    ) as there:
        async with anyio.create_task_group() as calls:
            calls.start_soon(there.call, tool, arguments)
            await sea.started.wait()
            calls.cancel_scope.cancel()
        await sea.stopped.wait()
        await there.app.idle()
        audit = await there.audit()
        unfinished = await there.app.approvals.unfinished()

    assert kinds(audit)[-1] == ("outcome", "cancelled")
    assert audit[-1].minutes == 0
    assert unfinished == []


@pytest.mark.parametrize("tool", ["wait_for_tide", "tow_ship"])
async def test_call_over_its_time_is_cancelled_and_says_so(
    sea: Sea, tmp_path: Path, era: Era, tool: str
) -> None:
    arguments = {"ship": "Erna"} if tool == "tow_ship" else {}
    async with connected(
        harbour(sea),
        ALICE,
        state=tmp_path,
        mode=era,
        elicitation=Form(YES),
        settings=Settings(call_seconds=0.05),
    ) as there:
        result = await there.call(tool, arguments)
        audit = await there.audit()

    assert f"{tool} did not end within 0.05 s" in text_of(result)
    assert sea.stopped.is_set()
    assert kinds(audit)[-1] == ("outcome", "timed_out")


async def test_backend_that_never_opens_ends_within_the_time_of_a_call(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    sea.fog = True
    async with connected(
        harbour(sea), ALICE, state=tmp_path, mode=era, settings=Settings(call_seconds=0.05)
    ) as there:
        read = await there.call("find_ships")
        moved = await there.call("move_ship", {"ship": "Erna"})

    assert "find_ships: its backend did not open within 0.05 s" in text_of(read)
    assert "move_ship: its backend did not open" in text_of(moved)
    assert sea.acts == []


async def test_tool_whose_own_work_was_cancelled_fails_and_answers(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    text, audit = await refused(sea, tmp_path, era, ALICE, "lose_rudder", {})

    assert "lose_rudder failed inside the server" in text
    assert kinds(audit)[-1] == ("outcome", "tool_error")
