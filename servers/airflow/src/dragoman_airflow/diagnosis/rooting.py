"""Roots with what their logs, the event log and their neighbours say."""

from collections.abc import Sequence
from datetime import timedelta

from dragoman_airflow.api import ANY
from dragoman_airflow.diagnosis.asking import OF_LOG, Asking
from dragoman_airflow.diagnosis.case import Case
from dragoman_airflow.diagnosis.causes import MEANING
from dragoman_airflow.diagnosis.endings import Ending
from dragoman_airflow.diagnosis.found import Found
from dragoman_airflow.diagnosis.hiding import hidden
from dragoman_airflow.diagnosis.history import mapped_width
from dragoman_airflow.diagnosis.logs_of import Reader, earlier_tries, last_tries
from dragoman_airflow.diagnosis.lost import LOST_EVENTS, Lost, beside, lost, others_lost
from dragoman_airflow.diagnosis.reading import Reading
from dragoman_airflow.diagnosis.roots import FAILED_STATES, Root
from dragoman_airflow.diagnosis.tries import tries, wanted
from dragoman_airflow.diagnosis.verdict import Verdict, decide
from dragoman_airflow.filters import EventFilter, InstanceFilter
from dragoman_airflow.models import Event, Instance, Listing

MOST_READ = 5
MOST_TOLD = 6
_FOR_HISTORY = 3
_MINUTE = timedelta(seconds=60)


async def found_roots(
    asking: Asking, case: Case, reader: Reader, roots: Sequence[Root]
) -> list[Found]:
    """The first roots with their logs read, a few more by the event log alone."""
    readings: list[dict[int, Reading]] = [
        await last_tries(asking, reader, root, 3 if len(roots) == 1 else 1)
        for root in roots[:MOST_READ]
    ]
    if len(roots) > MOST_READ:
        asking.not_read.append(f"logs of {len(roots) - MOST_READ} more root tasks")
    found: list[Found] = []
    for number, root in enumerate(roots[:MOST_TOLD]):
        own = readings[number] if number < len(readings) else {}
        found.append(await _found(asking, case, reader, root, own))
    return found


async def of_ending(asking: Asking, reader: Reader, ending: Ending | None) -> list[Found]:
    """The tasks that the run's own ending was about; only those that ran have a log."""
    if ending is None:
        return []
    found: list[Found] = []
    for one in ending.tasks[:MOST_READ]:
        root = Root(one.task_id, (one,))
        readings: dict[int, Reading] = {}
        if one.start_date is not None and asking.left >= OF_LOG + _FOR_HISTORY:
            readings = await last_tries(asking, reader, root, 1)
        reading = readings.get(one.map_index)
        verdict = Verdict(ending.cause.value, MEANING[ending.cause], "high", reason=ending.says)
        tried = tries(one, [])
        found.append(Found(root, one, verdict, reading, tried, readings))
    return found


async def _found(
    asking: Asking, case: Case, reader: Reader, root: Root, readings: dict[int, Reading]
) -> Found:
    one = _standing(root, readings)
    reading = readings.get(one.map_index)
    neighbours = await _neighbours(asking, case, one, reading)
    before: list[Reading] = []
    if reading is not None and asking.left >= OF_LOG + _FOR_HISTORY:
        numbers = wanted(one)[: (asking.left - _FOR_HISTORY) // OF_LOG]
        before = await earlier_tries(asking, reader, one, numbers)
    width = None
    if one.map_index >= 0 and asking.left > _FOR_HISTORY:
        width = await mapped_width(asking, case.run, one)
    return Found(
        root=root,
        one=one,
        verdict=decide(one, reading, case.events, neighbours),
        reading=reading,
        tries=tries(one, [*before, *([reading] if reading else [])]),
        readings=readings,
        width=width,
        hidden_by=_hidden(case, root),
    )


def _standing(root: Root, readings: dict[int, Reading]) -> Instance:
    """The instance that stands for a mapped task: one of its most frequent failure."""
    by_signature: dict[str, list[int]] = {}
    for index, reading in sorted(readings.items()):
        if not reading.missing:
            by_signature.setdefault(reading.signature, []).append(index)
    empty: list[int] = []
    indexes = max(by_signature.values(), key=len, default=empty)
    for one in root.instances:
        if one.map_index in indexes:
            return one
    return root.instances[0]


async def _neighbours(
    asking: Asking, case: Case, one: Instance, reading: Reading | None
) -> tuple[Instance, ...]:
    """Others that failed on the host of a lost worker in the same minute."""
    end = lost(case.events, one, one.try_number)
    if end is None or end.kind not in {Lost.HEARTBEAT, Lost.MISMATCH}:
        return ()
    if (reading is not None and reading.tells) or not one.hostname or one.end_date is None:
        return ()
    span = (one.end_date - _MINUTE, one.end_date + _MINUTE)
    none: Listing[Event] = Listing((), None, complete=False)
    if not asking.has_room("other tasks on that host", 2):
        return ()
    where = EventFilter(events=LOST_EVENTS, after=span[0], before=span[1])
    asked = asking.airflow.events(where, limit=100)
    events = (await asking.tried("other tasks on that host", asked, none)).items
    if not others_lost(events, one):
        return ()
    of_host = InstanceFilter(
        states=("failed", "up_for_retry"), end_date_gte=span[0], end_date_lte=span[1]
    )
    nobody: Listing[Instance] = Listing((), None, complete=False)
    found = asking.airflow.instances(ANY, ANY, of_host, limit=100)
    failed = (await asking.tried("other tasks on that host", found, nobody)).items
    return beside(failed, events, one)


def _hidden(case: Case, root: Root) -> str:
    if case.run.state != "success":
        return ""
    bad = {one.task_id for one in case.instances if one.state in FAILED_STATES}
    return hidden(case.graph, root.task_id, bad).why
