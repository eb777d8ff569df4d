"""Somebody whose name only looks like another person's gets nothing of theirs."""

from dataclasses import replace
from pathlib import Path

import pytest
from harbour import ALICE, CAROL, Sea, harbour

from dragoman.elicitation import door
from dragoman.elicitation.proposal import Person
from dragoman.errors import BadInput
from dragoman.testing import Era, connected, text_of

pytestmark = pytest.mark.anyio

LOOKALIKE = replace(ALICE, subject="\uff41lice")


async def test_a_lookalike_runs_nothing_on_an_approval_of_another(tmp_path: Path, era: Era) -> None:
    sea = Sea()
    async with connected(harbour(sea), ALICE, state=tmp_path, mode=era) as there:
        await there.call("move_ship", {"ship": "Erna"})
        (record,) = await door.waiting(there.app.approvals, CAROL)
        await door.approve(there.app.approvals, record.proposal.id, CAROL)

    async with connected(harbour(sea), LOOKALIKE, state=tmp_path, mode=era) as there:
        result = await there.call("move_ship", {"ship": "Erna"})

    assert "waits for a person" in text_of(result)
    assert sea.acts == []


async def test_a_lookalike_has_no_plan_of_another(tmp_path: Path) -> None:
    async with connected(harbour(Sea()), ALICE, state=tmp_path) as there:
        store, far = there.app.approvals, 4_000_000_000.0
        plan = await store.save_plan(Person.behind(ALICE), "content", "digest", far)

        with pytest.raises(BadInput, match="no plan"):
            await store.get_plan(plan, Person.behind(LOOKALIKE))
