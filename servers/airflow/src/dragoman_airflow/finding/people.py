from datetime import UTC, datetime

from pydantic import BaseModel, Field

from dragoman.answer.budget import Coverage
from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.addresses import Place, page
from dragoman_airflow.api import ANY, Feature
from dragoman_airflow.errors import NotOnThisAirflow
from dragoman_airflow.finding.over import gather, kept
from dragoman_airflow.fleet import Reached
from dragoman_airflow.models import HumanTask, Listing
from dragoman_airflow.visible import VisibleAirflow
from dragoman_airflow.words import instance_word, since, word

_SUBJECT, _BODY = 200, 600


class Asked(BaseModel):
    """A task that waits for a person to answer it in Airflow."""

    instance: str
    dag: str
    run: str
    task: str
    asked: str = Field(default="", description="UTC, and how long ago")
    subject: Untrusted
    body: Untrusted | None = None
    options: list[Untrusted] = Field(default_factory=list[Untrusted])
    assigned_to: list[Untrusted] = Field(default_factory=list[Untrusted])
    url: str

    @classmethod
    def of(cls, airflow: VisibleAirflow, asked: HumanTask, now: datetime) -> "Asked":
        one = asked.instance
        place = Place(one.dag_id, one.run_id, one.task_id, one.map_index)
        return cls(
            instance=airflow.name,
            dag=word(one.dag_id),
            run=word(one.run_id),
            task=instance_word(one),
            asked=since(asked.created_at or one.start_date, now),
            subject=Untrusted(asked.subject[:_SUBJECT]),
            body=Untrusted(asked.body[:_BODY]) if asked.body else None,
            options=[Untrusted(option) for option in asked.options],
            assigned_to=[Untrusted(user) for user in asked.assigned_users],
            url=page(airflow.address, airflow.version, place),
        )


class Approvals(BaseModel):
    """Oldest first. They are answered in Airflow, never here."""

    approvals: list[Asked]
    coverage: Coverage
    not_answered: list[str] = Field(default_factory=list[str], description="Airflows, and why")
    next: str = ""


async def approvals(reached: Reached, dag_id: str, max_tokens: int) -> Approvals:
    async def ask(airflow: VisibleAirflow) -> Listing[HumanTask]:
        if not airflow.has(Feature.HUMAN_TASKS):
            raise NotOnThisAirflow("Tasks that ask a person are not on this Airflow.")
        return await airflow.human_tasks(dag_id or ANY)

    now = datetime.now(UTC)
    found = await gather(reached, ask)
    pairs = [(one, airflow) for airflow, answer in found.answers for one in answer.items]
    pairs = [pair for pair in pairs if not pair[0].response_received]
    pairs.sort(key=lambda pair: (pair[0].created_at or now, pair[0].instance.run_id))
    rows = [Asked.of(airflow, one, now) for one, airflow in pairs]
    shown, coverage = kept(rows, [answer for _, answer in found.answers], found.failed, max_tokens)
    return Approvals(
        approvals=shown,
        coverage=coverage,
        not_answered=list(found.failed),
        next="A person answers at url, in Airflow." if rows else "",
    )
