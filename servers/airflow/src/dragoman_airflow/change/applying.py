"""Applies approved plans, one at a time: each is previewed again, done, and read back."""

from dataclasses import dataclass, field
from typing import Literal

from dragoman.elicitation.approvals import Approval, Plan
from dragoman.errors import DragomanError
from dragoman.tool import Progress
from dragoman_airflow.api import Airflow
from dragoman_airflow.change.acting import act
from dragoman_airflow.change.deed import Deed
from dragoman_airflow.change.forecast import Forecast
from dragoman_airflow.change.notes import Note
from dragoman_airflow.change.observing import Observed, Patience
from dragoman_airflow.change.plan import Content
from dragoman_airflow.change.preview import preview
from dragoman_airflow.errors import AnswerLost

Outcome = Literal["done", "partly", "void", "refused", "unknown"]
"""`void`: it would now do something else, so nothing was done. `unknown`: look before repeating."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one plan."""

    outcome: Outcome
    observed: Observed | None = None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Applying:
    """What all plans of one approved call share."""

    approval: Approval
    reason: str
    progress: Progress
    patience: Patience = field(default_factory=Patience)

    async def apply(self, airflow: Airflow, plan: Plan, content: Content) -> Result:
        """Does it if it would still do what was approved; never raises a DragomanError."""
        try:
            fresh, changed = await compared(airflow, content)
        except DragomanError as wrong:
            return Result("refused", why=(str(wrong),))
        if fresh is None:
            return Result("void", why=changed)
        note = Note(self.approval, plan.id, self.reason)
        deed = Deed(airflow, content.wanted, fresh, note, self.patience, self.progress)
        try:
            return _result(await act(deed))
        except AnswerLost as wrong:
            return Result("unknown", why=(str(wrong),))
        except DragomanError as wrong:
            return Result("refused", why=(str(wrong),))


async def compared(airflow: Airflow, content: Content) -> tuple[Forecast | None, tuple[str, ...]]:
    """The fresh forecast if the planned one covers it, else None and what has changed.

    Raises DragomanError where it could not even be previewed: nothing is left to do, for one.
    """
    fresh = await preview(airflow, content.wanted)
    if content.forecast.covers(fresh):
        return fresh, ()
    return None, content.forecast.differences(fresh) or ("it would now do something else",)


def _result(seen: Observed) -> Result:
    if seen.unexpected:
        return Result("partly", seen)
    return Result("done" if seen.complete else "partly", seen)
