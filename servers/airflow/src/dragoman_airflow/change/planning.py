"""Makes a plan, asks about plans, applies plans: what the two tools do, for any set of Airflows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dragoman.answer.canonical import digest
from dragoman.elicitation.approvals import Plan
from dragoman.elicitation.plans import Plans
from dragoman.elicitation.question import Item, Question
from dragoman.errors import ApprovalRefused, BadInput, DragomanError, NotPermitted
from dragoman.risk import Risk
from dragoman_airflow.api import Airflow
from dragoman_airflow.change.answers import Applied, applied
from dragoman_airflow.change.applying import Applying, Result, compared
from dragoman_airflow.change.asked import Asked
from dragoman_airflow.change.forecast import Forecast
from dragoman_airflow.change.plan import Content, read, written
from dragoman_airflow.change.preview import preview
from dragoman_airflow.change.wording import in_words, risk

MOST_PLANS = 50
_LONGEST = 300


class Changeable(Airflow, Protocol):
    """An Airflow that knows what its caller may change."""

    async def may_change(self, dag_id: str) -> bool:
        """Raises DagNotFound for a DAG that is hidden or unknown."""
        ...


class Places(Protocol):
    """The Airflows of one caller."""

    async def at(self, instance: str = "", /) -> Changeable:
        """Raises UnknownInstance."""
        ...


@dataclass(frozen=True, slots=True)
class Made:
    """A plan as it was just kept, or read again."""

    plan: Plan
    content: Content


@dataclass(frozen=True, slots=True)
class Pair:
    """Where a change is to be made, with the run's id resolved."""

    airflow: Changeable
    dag_id: str
    run_id: str


async def make(where: Pair, asked: Asked, plans: Plans, seconds: float) -> Made:
    """Previews and keeps what is asked; changes nothing. Raises what `preview` raises."""
    await _need(where.airflow, where.dag_id)
    wanted = asked.wanted(where.airflow.name, where.dag_id, where.run_id)
    forecast = await preview(where.airflow, wanted)
    text = written(wanted, forecast)
    return Made(await plans.save(text, seconds), Content(form=1, wanted=wanted, forecast=forecast))


async def ask(
    plan_ids: Sequence[str], reason: str, who: str, places: Places, plans: Plans
) -> Question:
    """One question about all of them, each an item that can be struck.

    Raises ApprovalRefused, with the differences, when one would now do something else: nobody is
    asked about a preview that is no longer true.
    """
    _checked(plan_ids, reason)
    made: list[tuple[Made, Forecast]] = []
    void: list[str] = []
    for plan_id in plan_ids:
        one = await _get(plan_id, plans)
        fresh, why = await _fresh(one, places)
        if fresh is None:
            void.append(f"plan {plan_id} no longer holds: {'; '.join(why)}")
        else:
            made.append((one, fresh))
    if void:
        raise ApprovalRefused(_void(void, [one.plan.id for one, _ in made]))
    changes = "this change" if len(made) == 1 else f"these {len(made)} changes"
    return Question(
        text=f"Make {changes} for {who}? Reason given: {_one_line(reason)}",
        items=tuple(
            Item(one.plan.id, in_words(one.content.as_of_now(fresh))) for one, fresh in made
        ),
        digest=digest([[one.plan.id, one.plan.digest, fresh.digest] for one, fresh in made]),
        risk=max((risk(fresh) for _, fresh in made), key=_level),
        items_argument="plan_ids",
    )


async def apply(
    plan_ids: Sequence[str], places: Places, plans: Plans, applying: Applying
) -> list[Applied]:
    """What became of each, in this order; one that fails does not keep the next from running."""
    results: list[Applied] = []
    for number, plan_id in enumerate(plan_ids):
        await applying.progress(number, len(plan_ids), f"plan {number + 1} of {len(plan_ids)}")
        results.append(await _apply(plan_id, places, plans, applying))
    return results


async def _apply(plan_id: str, places: Places, plans: Plans, applying: Applying) -> Applied:
    try:
        one = await _get(plan_id, plans)
        airflow = await places.at(one.content.wanted.instance)
        await _need(airflow, one.content.wanted.dag_id)
    except DragomanError as wrong:
        return applied(plan_id, None, Result("refused", why=(str(wrong),)))
    return applied(plan_id, one.content, await applying.apply(airflow, one.plan, one.content))


async def _get(plan_id: str, plans: Plans) -> Made:
    try:
        plan = await plans.get(plan_id)
    except BadInput as wrong:
        raise BadInput(f"plan {_one_line(plan_id)}: {wrong}") from None
    return Made(plan, read(plan))


async def _fresh(one: Made, places: Places) -> tuple[Forecast | None, tuple[str, ...]]:
    airflow = await places.at(one.content.wanted.instance)
    await _need(airflow, one.content.wanted.dag_id)
    return await compared(airflow, one.content)


async def _need(airflow: Changeable, dag_id: str) -> None:
    if not await airflow.may_change(dag_id):
        raise NotPermitted(f"No policy lets you change {dag_id} on {airflow.name}.")


def _checked(plan_ids: Sequence[str], reason: str) -> None:
    if not plan_ids:
        raise BadInput("Name at least one plan of plan_change.")
    if len(plan_ids) > MOST_PLANS:
        raise BadInput(f"At most {MOST_PLANS} plans are decided at once; send fewer.")
    if not reason.strip():
        raise BadInput("Give the reason in a few words: the person who decides reads it.")


def _one_line(text: str) -> str:
    """So that no line of it can pose as one of the question's items."""
    bare = " ".join(text.split())
    return bare if len(bare) <= _LONGEST else f"{bare[:_LONGEST]}…"


def _void(void: Sequence[str], good: Sequence[str]) -> str:
    others = f" These still hold: {', '.join(good)}." if good else ""
    return (
        f"Nothing was asked and nothing ran: {'. And '.join(void)}. "
        f"Make a new plan with plan_change.{others}"
    )


def _level(one: Risk) -> int:
    return one.level
