"""What the two tools answer, in their two forms."""

from collections.abc import Iterator
from datetime import UTC, datetime

from pydantic import BaseModel, Field

from dragoman.answer.handover import Handover
from dragoman.answer.untrusted import Untrusted, fence
from dragoman.elicitation.approvals import Plan
from dragoman_airflow.change.applying import Outcome, Result
from dragoman_airflow.change.plan import Content
from dragoman_airflow.change.wording import authored, facts, headline, risk


class Planned(BaseModel):
    """A preview, kept as a plan; nothing was changed."""

    plan_id: str
    change: str
    facts: list[str]
    authored: list[Untrusted] = Field(default_factory=list[Untrusted])
    risk: str
    expires: datetime
    next: Handover

    def as_text(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"plan {self.plan_id}, risk {self.risk}, until {self.expires:%Y-%m-%d %H:%M} UTC"
        yield self.change
        yield from (f"- {fact}" for fact in self.facts)
        yield from (f"- {fence(text)}" for text in self.authored)
        yield "nothing was changed; to have a person decide:"
        yield f'call {self.next.server}.{self.next.tool}(plan_ids=["{self.plan_id}"], reason=…)'


class Applied(BaseModel):
    """What became of one plan."""

    plan_id: str
    outcome: Outcome
    change: str = ""
    predicted: str = ""
    observed: str = ""
    unexpected: list[str] = Field(default_factory=list[str])
    said: list[str] = Field(default_factory=list[str])


class Report(BaseModel):
    """What became of every plan of a call."""

    done: int
    of: int
    results: list[Applied]

    def as_text(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.done} of {self.of} plans done"
        for one in self.results:
            yield f"plan {one.plan_id}: {one.outcome}" + (f": {one.change}" if one.change else "")
            if one.predicted or one.observed:
                yield f"  predicted: {one.predicted}"
                yield f"  observed: {one.observed}"
            if one.unexpected:
                yield f"  changed besides: {', '.join(one.unexpected)}"
            yield from (f"  {text}" for text in one.said)


def planned(plan: Plan, content: Content) -> Planned:
    forecast = content.forecast
    return Planned(
        plan_id=plan.id,
        change=headline(content),
        facts=list(facts(forecast)),
        authored=[Untrusted(text) for text in authored(forecast)],
        risk=risk(forecast),
        expires=datetime.fromtimestamp(plan.expires, UTC),
        next=Handover(server="airflow", tool="apply_plans", arguments={"plan_ids": [plan.id]}),
    )


def applied(plan_id: str, content: Content | None, result: Result) -> Applied:
    seen = result.observed
    return Applied(
        plan_id=plan_id,
        outcome=result.outcome,
        change=headline(content) if content else "",
        predicted=seen.predicted if seen else "",
        observed=seen.observed if seen else "",
        unexpected=list(seen.unexpected) if seen else [],
        said=[*result.why, *(seen.said if seen else ())],
    )


def report(results: list[Applied]) -> Report:
    done = sum(one.outcome == "done" for one in results)
    return Report(done=done, of=len(results), results=results)
