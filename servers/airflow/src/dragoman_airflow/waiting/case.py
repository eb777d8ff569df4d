"""What is known of one thing that waits: read once, within a number of requests."""

from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from dragoman_airflow.api import Feature
from dragoman_airflow.errors import AirflowError, InstanceNotFound, RunNotFound
from dragoman_airflow.filters import InstanceFilter
from dragoman_airflow.graph import TaskGraph
from dragoman_airflow.models import (
    UNFINISHED,
    Component,
    Dag,
    Dependency,
    HumanTask,
    Instance,
    Listing,
    Pool,
    Run,
)
from dragoman_airflow.visible import VisibleAirflow

T = TypeVar("T")
MOST_REQUESTS = 15
OF_LOG = OF_DAG = OF_RUNS = 2
"""Requests that an older Airflow needs for one log, one DAG, or an empty list of runs."""
_MOST_INSTANCES = 1_000


@dataclass(slots=True)
class Asking:
    """An Airflow, how many requests it may still get, and what could not be read.

    Requests count from when the caller opened the Airflow, as finding the DAG costs some, too.
    """

    airflow: VisibleAirflow
    most: int = MOST_REQUESTS
    not_known: list[str] = field(default_factory=list[str])

    @property
    def left(self) -> int:
        return self.most - self.airflow.requests

    async def tried(
        self, what: str, asked: Coroutine[Any, Any, T], instead: T, needs: int = 1
    ) -> T:
        """The answer, or `instead` with a note of why there is none."""
        if self.left < needs:
            self._note(f"{what}: the limit of {self.most} requests was reached")
            asked.close()
            return instead
        try:
            return await asked
        except (AirflowError, RunNotFound, InstanceNotFound) as error:
            self._note(f"{what}: {error}")
            return instead

    def _note(self, text: str) -> None:
        if text not in self.not_known:
            self.not_known.append(text)


NOTHING: Listing[Instance] = Listing((), None, complete=False)


@dataclass(slots=True)
class Case:
    """A DAG and perhaps one of its runs; `now` is our own clock."""

    asking: Asking
    dag: Dag
    now: datetime
    health: tuple[Component, ...] = ()
    run: Run | None = None
    ruled_out: list[str] = field(default_factory=list[str])
    _pools: Listing[Pool] | None = None
    _graph: TaskGraph | None = None
    _people: Listing[HumanTask] | None = None

    @property
    def airflow(self) -> VisibleAirflow:
        return self.asking.airflow

    @property
    def run_id(self) -> str:
        return self.run.run_id if self.run else ""

    def component(self, name: str) -> Component | None:
        """A part of Airflow by what its name holds; None when nothing is told of it."""
        return next((one for one in self.health if name in one.name and one.status), None)

    def of_run(self, run: Run) -> "Case":
        """The same for another run of the DAG."""
        return Case(self.asking, self.dag, self.now, self.health, run, [], self._pools, self._graph)

    async def unfinished(self) -> Listing[Instance]:
        where = InstanceFilter(states=("", *sorted(UNFINISHED)))
        asked = self.airflow.instances(self.dag.dag_id, self.run_id, where, limit=_MOST_INSTANCES)
        return await self.asking.tried("instances of the run", asked, NOTHING)

    async def of(
        self, where: InstanceFilter, dag_id: str, run_id: str, limit: int
    ) -> Listing[Instance]:
        asked = self.airflow.instances(dag_id, run_id, where, limit=limit)
        return await self.asking.tried("other instances", asked, NOTHING)

    async def graph(self) -> TaskGraph:
        if self._graph is None:
            tasks = await self.asking.tried("tasks", self.airflow.tasks(self.dag.dag_id), ())
            self._graph = TaskGraph.of(tasks)
        return self._graph

    async def pools(self) -> Listing[Pool]:
        if self._pools is None:
            nothing: Listing[Pool] = Listing((), None, complete=False)
            self._pools = await self.asking.tried("pools", self.airflow.pools(), nothing)
        return self._pools

    async def people(self) -> Listing[HumanTask]:
        """Tasks of the run that wait for a person."""
        nothing: Listing[HumanTask] = Listing((), None, complete=False)
        if self._people is None:
            if not self.airflow.has(Feature.HUMAN_TASKS):
                self._people = nothing
                return nothing
            asked = self.airflow.human_tasks(self.dag.dag_id, self.run_id)
            self._people = await self.asking.tried("human tasks", asked, nothing)
        return self._people

    async def reasons(self, one: Instance) -> tuple[Dependency, ...]:
        asked = self.airflow.dependencies(one.dag_id, one.run_id, one.task_id, one.map_index)
        return await self.asking.tried("the scheduler's reasons", asked, ())
