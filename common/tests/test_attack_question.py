"""An agent hides nothing from the person whose yes it wants."""

from pathlib import Path

import pytest
from harbour import ALICE, CAROL, Sea, harbour

from dragoman.elicitation import door
from dragoman.testing import DECLINE, Form, connected

pytestmark = pytest.mark.anyio

WARNING = "[redacted] was not shown to you and runs as it was given"


@pytest.mark.parametrize(
    ("ship", "warned"), [('Erna password="a and sink the rest"', True), ("Erna", False)]
)
async def test_what_redaction_hides_from_a_question_is_said_to_be_hidden(
    tmp_path: Path, ship: str, *, warned: bool
) -> None:
    form = Form(DECLINE)
    async with connected(harbour(Sea()), ALICE, state=tmp_path, elicitation=form) as there:
        await there.call("move_ship", {"ship": ship})
        (record,) = await door.waiting(there.app.approvals, CAROL)

    shown = [form.shown[0].message, door.describe(record)]
    assert not any("sink the rest" in one for one in shown)
    assert [WARNING in one for one in shown] == [warned, warned]
