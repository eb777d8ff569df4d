"""The note that a change leaves in Airflow: who asked, who approved, which plan, and why."""

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec import UNSET, UnsetType

from dragoman.answer.untrusted import harmless
from dragoman.elicitation.approvals import Approval
from dragoman.errors import DragomanError
from dragoman_airflow.api import Airflow
from dragoman_airflow.models import Instance

LONGEST = 1_000
_SHORTEST = 60


@dataclass(frozen=True, slots=True)
class Note:
    """What is written, whole or as much of it as there is room for."""

    approval: Approval
    plan_id: str
    reason: str

    @property
    def text(self) -> str:
        """One line, so that a reason cannot pose as another note.

        At most 1,000 characters, which is Airflow's limit.
        """
        who = f"Asked by {self.approval.asked_by}, approved by {self.approval.by}"
        which = f"plan {self.plan_id}, approval {self.approval.proposal}"
        why = " ".join(harmless(self.reason).split())
        return _cut(f"{harmless(who)} ({which}): {why}", LONGEST)

    def beside(self, instances: Iterable[Instance]) -> str | UnsetType:
        """The note for these instances, unless one has a note of somebody else's to lose."""
        return UNSET if any(one.note for one in instances) else self.text


async def add_to_run(airflow: Airflow, dag_id: str, run_id: str, note: Note) -> str:
    """Writes it below what is noted on the run already; "" or why there is none."""
    try:
        run = await airflow.run(dag_id, run_id)
        text = below(run.note, note)
        if not text:
            return "no note was left: the run's own fills its room"
        await airflow.note_run(dag_id, run_id, text)
    except DragomanError as wrong:
        return f"no note was left: {wrong}"
    return ""


def below(existing: str, note: Note) -> str:
    """Both, the existing one whole; "" where there is no room for a useful part of ours."""
    if not existing:
        return note.text
    room = LONGEST - len(existing) - 1
    return f"{existing}\n{_cut(note.text, room)}" if room >= _SHORTEST else ""


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"
