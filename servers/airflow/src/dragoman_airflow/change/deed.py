"""One approved change, ready to be done, and what the different ones have in common."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from dataclasses import replace as altered

from dragoman.errors import DragomanError
from dragoman.tool import Progress
from dragoman_airflow.api import Airflow
from dragoman_airflow.change.forecast import Forecast
from dragoman_airflow.change.notes import Note
from dragoman_airflow.change.observing import Observed, Patience, until
from dragoman_airflow.change.wanted import Wanted
from dragoman_airflow.errors import AnswerLost


@dataclass(frozen=True, slots=True)
class Deed:
    """`forecast` is the fresh one, which the approved one covers."""

    airflow: Airflow
    wanted: Wanted
    forecast: Forecast
    note: Note
    patience: Patience
    progress: Progress

    async def read_back(
        self, look: Callable[[], Awaitable[Observed]], *, lost: bool, said: tuple[str, ...] = ()
    ) -> Observed:
        """What can be seen now; a failure to look is told, since the change itself was made."""
        try:
            seen = await until(look, self.patience, self.progress)
        except DragomanError as wrong:
            seen = Observed(
                complete=False, predicted="", observed="", said=(f"not read back: {wrong}",)
            )
        if lost:
            said = ("Airflow's answer was lost; this is what was read back", *said)
        return altered(seen, said=(*seen.said, *said))


async def sent(call: Awaitable[object]) -> bool:
    """Whether the answer was lost: then the change may have been made, or not."""
    try:
        await call
    except AnswerLost:
        return True
    return False
