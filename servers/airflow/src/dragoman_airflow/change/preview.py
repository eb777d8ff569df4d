"""One question for every kind of change: what would happen if it were done now."""

from collections.abc import Awaitable, Callable, Mapping

from dragoman_airflow.api import Airflow
from dragoman_airflow.change.backfilling import backfilling
from dragoman_airflow.change.cancelling import cancelling
from dragoman_airflow.change.clearing import clearing
from dragoman_airflow.change.forecast import Forecast
from dragoman_airflow.change.marking import marking
from dragoman_airflow.change.pausing import pausing
from dragoman_airflow.change.triggering import triggering
from dragoman_airflow.change.wanted import Kind, Wanted

_PREVIEWS: Mapping[Kind, Callable[[Airflow, Wanted], Awaitable[Forecast]]] = {
    Kind.CLEAR: clearing,
    Kind.MARK: marking,
    Kind.TRIGGER: triggering,
    Kind.PAUSE: pausing,
    Kind.UNPAUSE: pausing,
    Kind.BACKFILL: backfilling,
    Kind.CANCEL: cancelling,
}


async def preview(airflow: Airflow, wanted: Wanted) -> Forecast:
    """What would happen now; changes nothing, however often it is asked.

    Raises BadInput where nothing would, Conflict where Airflow would refuse or work would be
    killed by a clear, NotOnThisAirflow where that version cannot do it.
    """
    return await _PREVIEWS[wanted.kind](airflow, wanted)
