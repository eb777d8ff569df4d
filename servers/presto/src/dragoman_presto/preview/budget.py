"""What a group may read without being asked, and what it may not read at all."""

from collections.abc import Collection, Sequence
from enum import StrEnum

from dragoman_presto.settings import ReadBudget


class Verdict(StrEnum):
    RUN = "run"
    CONFIRM = "confirm"
    REFUSE = "refuse"
    LIMITED = "run with a scan limit"
    """The estimate is unknown: a limit in the engine makes being wrong cheap."""


def budget_of(groups: Collection[str], budgets: Sequence[ReadBudget]) -> ReadBudget | None:
    """The widest budget of the caller's groups; None where none is set."""
    own = [each for each in budgets if each.group in groups or not each.group]
    return max(own, key=lambda each: (each.refuse_bytes, each.run_bytes), default=None)


def weighed(estimate: float | None, budget: ReadBudget | None) -> Verdict:
    """The verdict on an estimate in bytes, which is None when Presto cannot know it."""
    if budget is None:
        return Verdict.RUN
    if estimate is None:
        return Verdict.LIMITED
    if estimate > budget.refuse_bytes:
        return Verdict.REFUSE
    return Verdict.CONFIRM if estimate > budget.run_bytes else Verdict.RUN
