"""What a call leaves behind: one record of its end, the same in the metrics, and no secret."""

import json
import logging
import re
from pathlib import Path

import anyio
import pytest
from harbour import ALICE, CAROL, DAVE, POLICY, SECRET, Sea, harbour

from dragoman.elicitation import door
from dragoman.settings import Settings
from dragoman.telemetry.record import Record
from dragoman.telemetry.summary import summary
from dragoman.testing import YES, Connection, Era, Form, connected, text_of

pytestmark = pytest.mark.anyio

TOO_BIG = """
@id("too-big")
forbid (principal, action == Action::"harbour.own", resource)
when { 9223372036854775807 + 1 > 0 };
"""


@pytest.fixture
def sea(tmp_path: Path) -> Sea:
    return Sea(journal=tmp_path / "audit" / "harbour" / "local")


def ends(audit: list[Record]) -> list[tuple[str, str, str | None]]:
    return [(record.kind, record.tool, record.result) for record in audit]


async def test_intent_of_every_write_is_durable_before_it_runs(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    async with connected(
        harbour(sea), ALICE, state=tmp_path, mode=era, elicitation=Form(YES)
    ) as there:
        await there.call("save_note", {"note": "x"})
        await there.call("move_ship", {"ship": "Erna"})
        audit = await there.audit()

    for journal, tool in zip(sea.seen, ("save_note", "move_ship"), strict=True):
        last = json.loads(journal.splitlines()[-1])
        assert (last["kind"], last["tool"], last["subject"]) == ("intent", tool, "alice")
    assert ends(audit)[-2:] == [
        ("intent", "move_ship", None),
        ("outcome", "move_ship", "success"),
    ]
    assert audit[-1].call_id == audit[-2].call_id


async def test_intent_of_an_approved_write_names_who_said_yes_and_stands_in_the_store(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era) as there:
        await there.call("sink_ship", {"ship": "Erna"})
        (waiting,) = await door.waiting(there.app.approvals, CAROL)
        await door.approve(there.app.approvals, waiting.proposal.id, CAROL)

        await there.call("sink_ship", {"ship": "Erna"})
        kept = await there.app.approvals.get(waiting.proposal.id)
        audit = await there.audit()

    intent, outcome = audit[-2:]
    assert "approved by carol" in intent.decision
    assert intent.proposal == outcome.proposal == waiting.proposal.id
    assert (kept.use and kept.use.outcome) == "success"


async def one_of_each(there: Connection, sea: Sea) -> None:
    await there.call("find_ships")
    await there.call("find_ships", {"limit": 3})
    await there.call("find_berth")
    await there.call("run_aground")
    await there.call("find_whales")
    await there.call("find_ships", {"txet": 1})
    await there.call("scuttle_ship", {"ship": "Erna"})
    await there.call("wait_for_tide")
    sea.started.clear()
    async with anyio.create_task_group() as calls:
        calls.start_soon(there.call, "wait_for_tide")
        await sea.started.wait()
        calls.cancel_scope.cancel()
    await there.app.idle()


async def test_ends_are_counted_apart_and_the_same_in_metrics_and_audit(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    async with connected(
        harbour(sea), ALICE, state=tmp_path, mode=era, settings=Settings(call_seconds=0.3)
    ) as there:
        await one_of_each(there, sea)
        page = there.app.metrics.prometheus_text().decode()
        await there.audit()
        assert sea.journal
        total = summary(sea.journal)

    counted: dict[str, int] = {}
    for labels, value in re.findall(r"dragoman_tool_calls_total\{([^}]*)\} (\S+)", page):
        result = re.search('result="([a-z_]+)"', labels)
        assert result
        counted[result[1]] = counted.get(result[1], 0) + int(float(value))
    assert counted == dict(total.results)
    assert counted == {
        "success": 2,
        "tool_error": 3,
        "refused": 1,
        "waiting_approval": 1,
        "timed_out": 1,
        "cancelled": 1,
    }
    assert "dragoman_minutes_saved_total" in page
    assert total.minutes.mid == 3
    assert total.unfinished == 0


async def test_only_successes_save_minutes_and_the_answer_says_how_many(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era) as there:
        result = await there.call("find_ships")
        await there.call("run_aground")
        audit = await there.audit()

    assert (result.meta or {})["dragoman/minutes_saved"] == 3
    assert {record.tool: record.minutes for record in audit if record.kind == "outcome"} == {
        "find_ships": 3,
        "run_aground": 0,
    }


async def test_secrets_are_neither_in_answers_nor_in_errors_nor_in_journal_nor_in_logs(
    sea: Sea, tmp_path: Path, era: Era, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    given = {"note": f"password={SECRET}"}
    form = Form(YES)
    said: list[str] = []
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era, elicitation=form) as there:
        for tool, arguments in (
            ("read_papers", given),
            ("run_aground", {}),
            ("find_berth", {}),
            ("move_in_fog", {"ship": "Erna"}),
            ("move_ship", {"ship": f"password={SECRET}"}),
            ("find_ships", given),
            (f"password={SECRET}", {}),
        ):
            said.append((await there.call(tool, arguments)).model_dump_json())
        await there.audit()
    assert sea.journal
    journal = "".join(file.read_text() for file in sea.journal.glob("*.jsonl"))

    places = {
        "answers": "\n".join(said),
        "forms": "".join(each.message for each in form.shown),
        "journal": journal,
        "logs": caplog.text,
    }
    assert [name for name, text in places.items() if SECRET in text] == []
    assert all(places.values())
    assert "/srv/harbour" not in places["answers"]


@pytest.mark.parametrize(
    "tool", ["run_aground", "read_runes", "lose_rudder", "abandon_ship", "move_in_fog"], ids=str
)
async def test_fault_nobody_foresaw_is_an_error_without_its_words_and_audited_once(
    sea: Sea, tmp_path: Path, era: Era, tool: str
) -> None:
    arguments = {"ship": "Erna"} if tool == "move_in_fog" else {}
    async with connected(
        harbour(sea), ALICE, state=tmp_path, mode=era, elicitation=Form(YES)
    ) as there:
        result = await there.call(tool, arguments)
        audit = await there.audit()

    assert result.is_error
    assert result.structured_content is None
    assert re.fullmatch(
        f"{tool} failed inside the server, which says no more. Quote call [0-9a-f]{{32}}.",
        text_of(result),
    )
    assert [record.result for record in audit if record.result] == ["tool_error"]
    assert audit[-1].call_id in text_of(result)


async def test_backend_that_cannot_be_opened_is_an_error_without_its_words(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    sea.fault = OSError(f"cannot reach https://admin:{SECRET}@warehouse.internal")
    async with connected(
        harbour(sea), ALICE, state=tmp_path, mode=era, elicitation=Form(YES)
    ) as there:
        read = await there.call("find_ships")
        moved = await there.call("move_ship", {"ship": "Erna"})
        audit = await there.audit()

    assert "warehouse.internal" not in text_of(read) + text_of(moved)
    assert ends(audit) == [
        ("refusal", "find_ships", "tool_error"),
        ("refusal", "move_ship", "tool_error"),
    ]


async def test_error_in_words_reaches_the_agent(sea: Sea, tmp_path: Path, era: Era) -> None:
    async with connected(harbour(sea), DAVE, state=tmp_path, mode=era) as there:
        result = await there.call("find_berth")
        audit = await there.audit()

    assert "The dock is full" in text_of(result)
    assert "Try another one." in text_of(result)
    assert ends(audit)[-1] == ("outcome", "find_berth", "tool_error")


async def test_forbid_that_errs_denies_and_raises_the_alarm(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    async with connected(harbour(sea, POLICY + TOO_BIG), DAVE, state=tmp_path, mode=era) as there:
        listed = {tool.name for tool in (await there.client.list_tools()).tools}
        denied = await there.call("save_note", {"note": "x"})
        read = await there.call("find_ships")
        page = there.app.metrics.prometheus_text().decode()

    assert "save_note" not in listed
    assert text_of(denied).startswith("Unknown tool: save_note.")
    assert not read.is_error
    alarms = re.search(r"^dragoman_policy_errors_total (\S+)", page, re.MULTILINE)
    assert alarms
    assert float(alarms[1]) > 0
    assert sea.acts == ["found  10"]
