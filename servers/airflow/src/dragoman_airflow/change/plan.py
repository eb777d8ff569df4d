"""A plan as it is kept: what was wanted, and what it would have done then."""

from typing import cast

from msgspec import Struct, to_builtins
from msgspec.json import decode
from msgspec.structs import replace

from dragoman.answer.canonical import Json, canonical, digest
from dragoman.elicitation.approvals import Plan
from dragoman.errors import BadInput
from dragoman_airflow.change.forecast import Forecast
from dragoman_airflow.change.wanted import Wanted

_FORM = 1


class Content(Struct, frozen=True, kw_only=True):
    """What a plan holds; `form` is the version of this very structure."""

    form: int
    wanted: Wanted
    forecast: Forecast

    def as_of_now(self, fresh: Forecast) -> "Content":
        """The same change with what it would do now."""
        return replace(self, forecast=fresh)


def written(wanted: Wanted, forecast: Forecast) -> str:
    """The content of a plan as canonical JSON. Raises BadInput for a conf that JSON cannot hold."""
    content = Content(form=_FORM, wanted=wanted, forecast=forecast)
    text = canonical(cast("Json", to_builtins(content))).decode("utf-8", "surrogatepass")
    try:
        same = decode(text.encode(), type=Content) == content
    except ValueError:
        same = False
    if not same:
        raise BadInput("conf holds a value that JSON cannot; send plain JSON values alone.")
    return text


def read(plan: Plan) -> Content:
    """What the plan holds. Raises BadInput when it is not what its digest says, or not ours."""
    broken = f"Plan {plan.id} is not a change of an Airflow; make a new one with plan_change."
    if digest(plan.content) != plan.digest:
        raise BadInput(f"Plan {plan.id} was altered after it was made; make a new one.")
    try:
        content = decode(plan.content.encode(), type=Content)
    except ValueError:
        raise BadInput(broken) from None
    if content.form != _FORM:
        raise BadInput(broken)
    return content
