from datetime import UTC, datetime

from pydantic import BaseModel, Field

from dragoman.answer.budget import Coverage
from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.api import ANY
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.finding.over import gather, kept
from dragoman_airflow.fleet import Reached
from dragoman_airflow.models import Listing, Run
from dragoman_airflow.visible import VisibleAirflow
from dragoman_airflow.words import span, when, word

_NOTED = 120


class RunRow(BaseModel):
    instance: str
    dag: str
    run: str
    state: str
    type: str = ""
    run_after: str = Field(default="", description="UTC; runs are sorted by it, newest first")
    started: str = ""
    ended: str = ""
    took: str = ""
    by: Untrusted | None = Field(default=None, description="Who triggered it")
    note: Untrusted | None = None

    @classmethod
    def of(cls, airflow: VisibleAirflow, run: Run) -> "RunRow":
        return cls(
            instance=airflow.name,
            dag=word(run.dag_id),
            run=word(run.run_id),
            state=word(run.state or "none"),
            type=word(run.run_type) if run.run_type else "",
            run_after=when(run.run_after or run.logical_date),
            started=when(run.start_date),
            ended=when(run.end_date),
            took=span(run.duration) if run.duration else "",
            by=Untrusted(run.triggering_user[:60]) if run.triggering_user else None,
            note=Untrusted(run.note[:_NOTED]) if run.note else None,
        )


class Runs(BaseModel):
    runs: list[RunRow]
    coverage: Coverage
    not_answered: list[str] = Field(default_factory=list[str], description="Airflows, and why")
    next: str = ""


async def runs(
    reached: Reached, dag_id: str, where: RunFilter, *, limit: int, max_tokens: int
) -> Runs:
    """Runs of one DAG, or of all on these Airflows, newest first over all of them."""

    async def ask(airflow: VisibleAirflow) -> Listing[Run]:
        return await airflow.runs(dag_id or ANY, where, limit=limit)

    found = await gather(reached, ask)
    pairs = [(run, airflow) for airflow, answer in found.answers for run in answer.items]
    pairs.sort(key=lambda pair: _newness(pair[0]), reverse=True)
    rows = [RunRow.of(airflow, run) for run, airflow in pairs]
    listings = [answer for _, answer in found.answers]
    shown, coverage = kept(rows[:limit], listings, found.failed, max_tokens)
    return Runs(
        runs=shown,
        coverage=coverage,
        not_answered=list(found.failed),
        next="" if coverage.complete else "Narrow with dag, state, since and until.",
    )


def aware(at: datetime | None) -> datetime | None:
    """The time, in UTC where no zone was given."""
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at


def _newness(run: Run) -> float:
    at = run.run_after or run.logical_date or run.start_date
    return at.timestamp() if at else 0.0
