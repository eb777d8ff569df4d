"""Opening the log of one try, and of no other."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from dragoman_airflow.api import LogStream
from dragoman_airflow.client.answers import Ask, NotThere
from dragoman_airflow.client.session import Session
from dragoman_airflow.client.wire import Request
from dragoman_airflow.errors import LogNotFound
from dragoman_airflow.models import UNFINISHED, Instance

NDJSON = "application/x-ndjson"
JSON = "application/json"
TEXT = "text/plain"


class _Tried(Protocol):
    async def tries(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1
    ) -> tuple[Instance, ...]: ...


def accept_of(instance: Instance, try_number: int, *, continued: bool) -> str:
    """Lines for a finished try; JSON for one that goes on, since only it tells where to go on."""
    going_on = instance.state in UNFINISHED and try_number >= instance.try_number
    return JSON if continued or going_on else NDJSON


@asynccontextmanager
async def open_log(
    airflow: _Tried,
    session: Session,
    instance: Instance,
    try_number: int,
    build: Callable[[], Request],
    *,
    honest: bool = True,
) -> AsyncGenerator[LogStream]:
    """The log; `honest` Airflows answer 404 for a try that never was, others something."""
    ask = Ask("read a task's log", "the right to read task logs")
    if try_number < 0 or not (honest or await _is_tried(airflow, instance, try_number)):
        raise await _no_log(airflow, instance, try_number)
    try:
        async with session.stream(build(), ask) as answer:
            yield LogStream(answer.content_type, answer.chunks)
    except NotThere:
        raise await _no_log(airflow, instance, try_number) from None


async def _is_tried(airflow: _Tried, instance: Instance, try_number: int) -> bool:
    of = (instance.dag_id, instance.run_id, instance.task_id, instance.map_index)
    return try_number in {one.try_number for one in await airflow.tries(*of)}


async def _no_log(airflow: _Tried, instance: Instance, try_number: int) -> LogNotFound:
    tried = await airflow.tries(
        instance.dag_id, instance.run_id, instance.task_id, instance.map_index
    )
    numbers = sorted({one.try_number for one in tried})
    there = ", ".join(map(str, numbers)) or "none"
    mapped = f"[{instance.map_index}]" if instance.map_index >= 0 else ""
    return LogNotFound(
        f"Task {instance.task_id}{mapped} of run {instance.run_id} has no log of try {try_number}. "
        f"Tries there are: {there}. The log of another try is not shown in its place."
    )
