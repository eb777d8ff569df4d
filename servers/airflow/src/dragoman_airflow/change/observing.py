"""What really happened, read back from Airflow and laid beside what was predicted."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import anyio

from dragoman.tool import Progress
from dragoman_airflow.api import Airflow
from dragoman_airflow.change.forecast import CLEARED, Effect, Forecast, counted
from dragoman_airflow.change.wanted import named
from dragoman_airflow.models import UNFINISHED, Instance

_MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a result is waited for; Airflow's own answer is already in by then."""

    seconds: float = 12.0
    every: float = 1.0


@dataclass(frozen=True, slots=True)
class Observed:
    """What was read back. `complete` is whether all that was predicted could be seen."""

    complete: bool
    predicted: str
    observed: str
    unexpected: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


async def until(
    look: Callable[[], Awaitable[Observed]], patience: Patience, progress: Progress
) -> Observed:
    """The first complete observation, or the last one when patience ends."""
    waited = 0.0
    while True:
        seen = await look()
        if seen.complete or waited >= patience.seconds:
            return seen
        await progress(waited, patience.seconds, f"seen so far: {seen.observed}")
        await anyio.sleep(patience.every)
        waited += patience.every


async def instances_now(
    airflow: Airflow, forecast: Forecast, before: Iterable[Instance]
) -> Observed:
    """The run's instances now, beside those of a moment before the change.

    Unexpected is an instance that had ended, was not to change, and did. What was unfinished may
    have moved by itself.
    """
    was = {one.key: one for one in before}
    listing = await airflow.instances(forecast.dag_id, forecast.run_id)
    now = {one.key: one for one in listing.items}
    predicted = {one.key: one for one in forecast.effects}
    seen = [one for one in forecast.effects if _happened(one, was.get(one.key), now.get(one.key))]
    stray = [
        key
        for key, one in now.items()
        if key not in predicted and key in was and _ended(was[key]) and _moved(was[key], one)
    ]
    states = counted(now[one.key].state for one in seen if one.key in now)
    return Observed(
        complete=len(seen) == len(predicted),
        predicted=fates(forecast.effects),
        observed=f"{fates(seen)}, now {states}" if states else fates(seen),
        unexpected=tuple(named(*key) for key in sorted(stray)[:_MOST_NAMES]),
    )


def fates(effects: Iterable[Effect]) -> str:
    """`3 cleared, 1 set to success`, or `none`."""
    said = [CLEARED if one.becomes == CLEARED else f"set to {one.becomes}" for one in effects]
    return counted(said) or "none"


def _happened(one: Effect, was: Instance | None, now: Instance | None) -> bool:
    if now is None:
        return False
    if one.becomes != CLEARED:
        return now.state == one.becomes
    # An instance that never ran looks the same after it is cleared.
    return not now.state or was is None or _moved(was, now)


def _ended(one: Instance) -> bool:
    return bool(one.state) and one.state not in UNFINISHED


def _moved(was: Instance, now: Instance) -> bool:
    return (was.state, was.try_number, was.start_date, was.end_date) != (
        now.state,
        now.try_number,
        now.start_date,
        now.end_date,
    )
