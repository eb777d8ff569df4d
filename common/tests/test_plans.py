"""A plan made in one call and applied in another, by the person it was made for alone."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from harbour import ALICE, CAROL, POLICY, Harbour
from pydantic import BaseModel

from dragoman.answer.text import answer_schema, outline
from dragoman.auth.caller import Caller
from dragoman.elicitation.approvals import Approval
from dragoman.elicitation.plans import Plans
from dragoman.elicitation.question import Item, Question
from dragoman.risk import Risk
from dragoman.server import Backends
from dragoman.testing import YES, Era, Form, connected, text_of
from dragoman.tool import Backend, Misdeclared, Tool, declared, tool


class Chart:
    """A backend that counts how often it is opened."""

    opened = 0


class Route(BaseModel):
    plan_id: str
    course: str = ""


class Sailed(BaseModel):
    log: list[str]


class Deep(BaseModel):
    route: Route
    legs: list[Route]
    depth: float | None
    note: str = ""


@tool(risk=Risk.READ, policy="harbour.write", minutes_saved=1)
async def plan_route(course: str, plans: Plans, seconds: float = 60) -> Route:
    """Plans a route."""
    plan = await plans.save(course, seconds)
    return Route(plan_id=plan.id, course=plan.content)


async def sailing(arguments: dict[str, Any], chart: Backend[Chart], plans: Plans) -> Question:
    """Asks about each route in its own words."""
    del chart
    found = [await plans.get(plan_id) for plan_id in arguments["plan_ids"]]
    items = tuple(Item(plan.id, f"sail {plan.content}") for plan in found)
    return Question("Sail these?", items, items_argument="plan_ids")


@tool(risk=Risk.WRITE, policy="harbour.write", minutes_saved=1, confirm=sailing)
async def sail_routes(
    plan_ids: list[str], chart: Backend[Chart], plans: Plans, approval: Approval, who: Caller
) -> Sailed:
    """Sails routes."""
    del chart
    assert approval.asked_by == who.subject
    found = [await plans.get(plan_id) for plan_id in plan_ids]
    return Sailed(
        log=[f"{plan.content} by {approval.by}, {len(approval.proposal)}" for plan in found]
    )


def routes() -> tuple[Harbour, list[Chart]]:
    opened: list[Chart] = []

    async def open_chart(*_: object) -> Chart:
        opened.append(Chart())
        return opened[-1]

    @asynccontextmanager
    async def backends() -> AsyncGenerator[Backends]:
        yield Backends({Chart: open_chart})

    server = Harbour(
        name="harbour",
        title="A harbour",
        instructions="",
        package="dragoman",
        functions=(plan_route, sail_routes),
        backends=backends,
        rules=POLICY.replace('Action::"harbour.own"]', 'Action::"harbour.write"]')
        .replace('Action::"harbour.read",\n    ', "")
        .replace('Action::"harbour.read", ', "")
        .replace('Action::"harbour.own", ', ""),
    )
    return server, opened


@pytest.mark.anyio
async def test_a_plan_runs_after_a_yes_and_the_tool_knows_whose_yes_it_was(
    tmp_path: Path, era: Era
) -> None:
    server, opened = routes()
    form = Form(YES)

    async with connected(server, CAROL, state=tmp_path, mode=era, elicitation=form) as here:
        plan = (await here.call("plan_route", {"course": "north"})).structured_content
        assert plan is not None
        before = len(opened)
        done = await here.call("sail_routes", {"plan_ids": [plan["plan_id"]]})

    assert done.structured_content == {"log": ["north by carol, 32"]}
    assert "sail north" in form.shown[0].message
    assert len(opened) - before <= 2, "question and tool share what was opened in one round"


@pytest.mark.anyio
async def test_another_persons_plan_is_unknown_and_nothing_is_asked(tmp_path: Path) -> None:
    server, _ = routes()
    form = Form(YES)
    async with connected(server, CAROL, state=tmp_path) as carol:
        plan = (await carol.call("plan_route", {"course": "north"})).structured_content
    assert plan is not None

    async with connected(server, ALICE, state=tmp_path, elicitation=form) as alice:
        refused = await alice.call("sail_routes", {"plan_ids": [plan["plan_id"]]})

    assert refused.is_error
    assert "no plan with this id" in text_of(refused)
    assert form.shown == []


@pytest.mark.anyio
async def test_a_plan_that_has_run_out_is_refused_by_name(tmp_path: Path) -> None:
    server, _ = routes()

    async with connected(server, CAROL, state=tmp_path, elicitation=Form(YES)) as here:
        plan = await here.call("plan_route", {"course": "north", "seconds": 0})
        assert plan.structured_content is not None
        plan_id = plan.structured_content["plan_id"]
        refused = await here.call("sail_routes", {"plan_ids": [plan_id]})

    assert refused.is_error
    assert "ran out" in text_of(refused)


def test_a_question_that_asks_for_what_nobody_can_fill_in_is_refused_at_import() -> None:
    async def odd(arguments: dict[str, Any], weather: str) -> Question:
        return Question(f"{arguments} {weather}?")

    async def early(arguments: dict[str, Any], approval: Approval) -> Question:
        return Question(f"{arguments} {approval}?")

    async def blind() -> Question:
        return Question("Well?")

    for confirm, named in ((odd, "weather"), (early, "approval"), (blind, "less")):
        with pytest.raises(Misdeclared, match=named):
            tool(risk=Risk.WRITE, policy="harbour.write", minutes_saved=1, confirm=confirm)


def test_the_listed_answer_is_the_names_of_its_fields() -> None:
    listed = outline(answer_schema(Deep))

    assert listed == {
        "type": "object",
        "properties": {"route": {}, "legs": {}, "depth": {}, "note": {}},
    }
    sail = declared(sail_routes)
    assert isinstance(sail, Tool)
    assert sail.listed_output == {"type": "object", "properties": {"log": {}}}
