"""Requests of one diagnosis: counted, made side by side, and each gap noted."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import anyio

from dragoman.errors import DragomanError
from dragoman_airflow.api import Airflow
from dragoman_airflow.errors import AirflowError

T = TypeVar("T")
MOST_REQUESTS = 15
OF_LOG = OF_DAG = OF_INSTANCES = 2
"""Requests that an older Airflow needs for one log, one DAG, or no instances of a run."""


@dataclass(slots=True)
class Asking:
    """An Airflow, how many requests may still be sent to it, and what could not be read.

    Requests count from when the caller opened the Airflow, as finding the DAG costs some, too.
    """

    airflow: Airflow
    most: int = MOST_REQUESTS
    not_read: list[str] = field(default_factory=list[str])

    @property
    def left(self) -> int:
        return self.most - self.airflow.requests

    def has_room(self, what: str, requests: int = 1) -> bool:
        """Whether that many more requests may be sent; what is given up is noted."""
        if self.left >= requests:
            return True
        self.not_read.append(f"{what}: the limit of {self.most} requests was reached")
        return False

    async def tried(self, what: str, asked: Awaitable[T], instead: T) -> T:
        """The answer, or `instead` with a note of what Airflow did not give."""
        try:
            return await asked
        except AirflowError as error:
            self.not_read.append(f"{what}: {error}")
            return instead


async def together(*jobs: Callable[[], Awaitable[None]]) -> None:
    """Runs all at the same time; the first error is raised as itself."""
    errors: list[DragomanError] = []

    async def run(job: Callable[[], Awaitable[None]]) -> None:
        try:
            await job()
        except DragomanError as error:
            errors.append(error)

    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(run, job)
    if errors:
        raise errors[0]
