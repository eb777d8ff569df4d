from pydantic import BaseModel, Field

from dragoman.answer.budget import Coverage
from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.finding.over import gather, kept
from dragoman_airflow.fleet import Reached
from dragoman_airflow.models import Dag, Listing
from dragoman_airflow.visible import VisibleAirflow
from dragoman_airflow.words import when, word, words

NARROW = "Narrow with text, tag or paused, name an instance, or raise limit and max_tokens."
NO_MATCH = "Nothing matches; part of an id is enough as text."
_DESCRIBED = 160


class DagRow(BaseModel):
    instance: str
    dag: str
    schedule: str = ""
    paused: bool = False
    stale: bool | None = Field(default=None, description="No longer in its file")
    import_errors: bool | None = None
    next_run: str = ""
    tags: list[str] = Field(default_factory=list[str])
    owners: list[str] = Field(default_factory=list[str])
    description: Untrusted | None = None

    @classmethod
    def of(cls, airflow: VisibleAirflow, dag: Dag) -> "DagRow":
        return cls(
            instance=airflow.name,
            dag=word(dag.dag_id),
            schedule=words(dag.timetable_summary),
            paused=dag.is_paused,
            stale=dag.is_stale or None,
            import_errors=dag.has_import_errors or None,
            next_run=when(dag.next_run_after),
            tags=[word(tag) for tag in dag.tags],
            owners=[word(owner) for owner in dag.owners],
            description=Untrusted(dag.description[:_DESCRIBED]) if dag.description else None,
        )


class Dags(BaseModel):
    dags: list[DagRow]
    coverage: Coverage
    not_answered: list[str] = Field(default_factory=list[str], description="Airflows, and why")
    next: str = ""


async def dags(
    reached: Reached, *, text: str, tag: str, paused: bool | None, limit: int, max_tokens: int
) -> Dags:
    async def ask(airflow: VisibleAirflow) -> Listing[Dag]:
        return await airflow.dags(text=text, tag=tag, paused=paused, limit=limit)

    found = await gather(reached, ask)
    rows = [DagRow.of(airflow, dag) for airflow, answer in found.answers for dag in answer.items]
    listings = [answer for _, answer in found.answers]
    shown, coverage = kept(rows, listings, found.failed, max_tokens)
    narrowed = text or tag or paused is not None
    return Dags(
        dags=shown,
        coverage=coverage,
        not_answered=list(found.failed),
        next=NO_MATCH if narrowed and coverage.complete and not shown else _next(coverage),
    )


def _next(coverage: Coverage) -> str:
    return "" if coverage.complete else NARROW
