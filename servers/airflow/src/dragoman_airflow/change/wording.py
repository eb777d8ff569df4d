"""A change in plain words: for the person who decides, and for the agent that asks them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import cast

from dragoman.answer.canonical import Json, canonical
from dragoman.risk import Risk
from dragoman_airflow.change.forecast import CLEARED, Effect, Forecast
from dragoman_airflow.change.plan import Content
from dragoman_airflow.change.wanted import Kind, Wanted, named

_MOST_NAMES = 12


def risk(forecast: Forecast) -> Risk:
    """DESTROY where something is lost for good, else WRITE."""
    return Risk.DESTROY if forecast.loses else Risk.WRITE


def headline(content: Content) -> str:
    """One sentence: what would be done, to how many, where."""
    wanted, forecast = content.wanted, content.forecast
    return f"{_act(wanted, forecast)} in Airflow {wanted.instance}"


def facts(forecast: Forecast) -> Iterator[str]:
    """All that follows from it but what DAG authors wrote themselves, one fact a line."""
    yield from _effects(forecast)
    yield from _runs(forecast)
    yield from _dates(forecast)
    if forecast.run_becomes and forecast.run_state:
        yield f"the run goes from {forecast.run_state} to {forecast.run_becomes}"
    if forecast.code:
        yield f"code: {forecast.code}"
    yield from forecast.notices
    yield from forecast.told


def authored(forecast: Forecast) -> Iterator[str]:
    """What follows from it in DAG authors' words: assets and schedules."""
    if forecast.schedule:
        yield f"schedule: {forecast.schedule}"
    for one in forecast.consumers:
        paused = " (paused: it only queues)" if one.paused else ""
        yield f"new data of {one.asset} may start {one.dag_id}{paused}"


def in_words(content: Content) -> str:
    """The change on one line, for a list of several."""
    forecast = content.forecast
    return "; ".join((headline(content), *facts(forecast), *authored(forecast)))


def _act(wanted: Wanted, forecast: Forecast) -> str:
    where = f"{wanted.dag_id} / {wanted.run_id}"
    match wanted.kind:
        case Kind.CLEAR:
            count = _plural(len(forecast.effects), "task instance")
            return f"Clear {count} of {where}, so that they run again"
        case Kind.MARK:
            task = ", ".join(named(*pair) for pair in wanted.tasks)
            return f"Mark {task} of {where} as {wanted.state}"
        case Kind.CANCEL if wanted.run_id:
            return f"End run {where} as failed"
        case Kind.CANCEL:
            return f"Cancel the active backfill of {wanted.dag_id} ({', '.join(forecast.basis)})"
        case _:
            return _act_on_dag(wanted)


def _act_on_dag(wanted: Wanted) -> str:
    conf = f" with conf {_conf(wanted)}" if wanted.conf else ""
    if wanted.kind is Kind.TRIGGER:
        return f"Start a run of {wanted.dag_id} named {wanted.run_id}{conf}"
    if wanted.kind is Kind.BACKFILL:
        span = f"{_moment(wanted.since)} to {_moment(wanted.until)}"
        return f"Backfill {wanted.dag_id} from {span}, reprocess {wanted.reprocess}{conf}"
    return f"{wanted.kind.capitalize()} {wanted.dag_id}"


def _effects(forecast: Forecast) -> Iterator[str]:
    for becomes in sorted({one.becomes for one in forecast.effects}):
        ones = [one for one in forecast.effects if one.becomes == becomes]
        fate = "cleared and run again" if becomes == CLEARED else f"set to {becomes}"
        yield f"{len(ones)} {fate} ({forecast.states(becomes)}): {_names(ones)}"
    if forecast.reruns:
        yield f"{len(forecast.reruns)} had succeeded, and all they do is done again"
    if forecast.kills:
        yield f"{len(forecast.kills)} at work now, which is killed: {_names(forecast.kills)}"


def _names(effects: Iterable[Effect]) -> str:
    names = [one.name for one in effects]
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _runs(forecast: Forecast) -> Iterator[str]:
    if forecast.kind is Kind.TRIGGER:
        return
    for becomes in sorted({one.becomes for one in forecast.runs}):
        ids = [one.run_id for one in forecast.runs if one.becomes == becomes]
        more = len(ids) - _MOST_NAMES
        shown = ", ".join(ids[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        fate = {"running": "start or go on", "queued": "run again", "failed": "are failed"}
        yield f"{_plural(len(ids), 'run')} {fate.get(becomes, becomes)}: {shown}"


def _dates(forecast: Forecast) -> Iterator[str]:
    dates = forecast.dates
    if len(dates) == 1:
        yield f"1 run is made, for {dates[0]}"
    elif dates:
        yield f"{len(dates)} runs are made, for {dates[0]} to {dates[-1]}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _conf(wanted: Wanted) -> str:
    return canonical(cast("Json", wanted.conf)).decode("utf-8", "replace")


def _moment(when: datetime | None) -> str:
    return when.isoformat() if when else ""
