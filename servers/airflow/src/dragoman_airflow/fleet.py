"""All Airflows that one caller may see, and what an id or an address means in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import anyio

from dragoman.auth.caller import Caller
from dragoman.errors import BadInput
from dragoman.tool import Backend, Permits
from dragoman_airflow.addresses import Place, is_address, place_of
from dragoman_airflow.api import Airflow
from dragoman_airflow.errors import (
    AirflowError,
    DagNotFound,
    RunNotFound,
    UnknownInstance,
    Unreachable,
)
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.settings import AirflowSettings, InstanceSetting
from dragoman_airflow.visible import READ, Labels, VisibleAirflow, instance_entity

LATEST = "latest"
LATEST_FAILED = "latest_failed"


class Opens(Protocol):
    """Opens one Airflow for one caller; `client.Connector` does."""

    async def open(self, instance: InstanceSetting, caller: Caller) -> Airflow: ...


@dataclass(frozen=True, slots=True)
class Target:
    """What a question is about; "" and None for what it does not name."""

    airflow: VisibleAirflow
    dag_id: str
    run_id: str = ""
    task_id: str = ""
    map_index: int | None = None
    try_number: int | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """The Airflows that answered, and for each of the others why it did not."""

    airflows: tuple[VisibleAirflow, ...]
    unreachable: Mapping[str, str] = field(default_factory=dict[str, str])


class Instances:
    """The configured Airflows; what is known of their DAGs is shared by all callers."""

    def __init__(self, settings: AirflowSettings, connector: Opens) -> None:
        self._settings = settings
        self._connector = connector
        self._labels = {one.name: Labels(settings.tag_seconds) for one in settings.instances}

    async def open(self, caller: Caller, instance: str, permits: Permits) -> "Fleet":
        """What this caller may see: the Airflows that policy permits them, none opened yet."""
        del instance
        seen = [one for one in self._settings.instances if permits(READ, instance_entity(one))]
        told = self._settings.model_copy(update={"instances": tuple(seen)})
        return Fleet(told, self._connector, caller, permits, self._labels)


class Fleet:
    """The Airflows that one caller may see; a hidden one reads like one that does not exist."""

    def __init__(
        self,
        settings: AirflowSettings,
        connector: Opens,
        caller: Caller,
        permits: Permits,
        labels: Mapping[str, Labels],
    ) -> None:
        self.settings = settings
        self._by_name = {one.name: one for one in settings.instances}
        self._connector = connector
        self._caller = caller
        self._permits = permits
        self._labels = labels
        self._opened: dict[str, VisibleAirflow] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._by_name)

    async def at(self, instance: str = "") -> VisibleAirflow:
        """The Airflow of that name, or the only one.

        Raises UnknownInstance, which names those there are, and Unreachable.
        """
        if not instance and len(self._by_name) == 1:
            instance = self.names[0]
        if instance not in self._by_name:
            raise UnknownInstance(self._unknown(instance))
        if instance not in self._opened:
            setting = self._by_name[instance]
            airflow = await self._connector.open(setting, self._caller)
            self._opened[instance] = VisibleAirflow(
                airflow, setting, self._permits, self._labels[instance]
            )
        return self._opened[instance]

    async def reach(self, instance: str = "") -> Reached:
        """All Airflows, or the one named; those that cannot be opened are told with the reason."""
        names = (instance,) if instance else self.names
        unreachable: dict[str, str] = {}
        reached: dict[str, VisibleAirflow] = {}

        async def knock(name: str) -> None:
            try:
                reached[name] = await self.at(name)
            except AirflowError as wrong:
                unreachable[name] = str(wrong)

        if instance not in {"", *self.names} or not names:
            await self.at(instance)
        async with anyio.create_task_group() as group:
            for name in names:
                group.start_soon(knock, name)
        return Reached(tuple(reached[name] for name in names if name in reached), unreachable)

    async def target(
        self,
        dag: str,
        run: str = "",
        task: str = "",
        map_index: int | None = None,
        instance: str = "",
    ) -> Target:
        """What ids or addresses mean; `run` may be "latest" or "latest_failed".

        A DAG without `instance` is looked for on every Airflow. Raises DagNotFound, RunNotFound,
        UnknownInstance, and BadInput where two parts contradict each other.
        """
        name, place = self._placed(dag, run, task, instance)
        airflow = await self._home(place.dag_id, name)
        run_id = place.run_id
        if not run_id and place.logical_date is not None:
            run_id = await _run_at(airflow, place)
        if run_id in {LATEST, LATEST_FAILED}:
            run_id = await _latest(airflow, place.dag_id, run_id)
        index = place.map_index if map_index is None else map_index
        return Target(airflow, place.dag_id, run_id, place.task_id, index, place.try_number)

    def _placed(self, dag: str, run: str, task: str, instance: str) -> tuple[str, Place]:
        """The Airflow's name, "" when none is named, and the place all parts together name."""
        names = {instance} - {""}
        merged = dict[str, object]()
        for text, what in ((dag, "dag_id"), (run, "run_id"), (task, "task_id")):
            if is_address(text):
                name, place = place_of(text, list(self._by_name.values()))
                names.add(name)
                _merge(merged, {key: getattr(place, key) for key in _PARTS})
            elif text:
                _merge(merged, {what: text})
        if len(names) > 1:
            raise BadInput(f"These name different Airflows: {', '.join(sorted(names))}. Keep one.")
        place = Place(**merged)  # pyright: ignore[reportArgumentType]  # values of Place's own fields
        if not place.dag_id:
            raise BadInput("No DAG is named: give `dag` as an id or an address of Airflow.")
        return next(iter(names), ""), place

    async def _home(self, dag_id: str, name: str) -> VisibleAirflow:
        """The Airflow that has the DAG."""
        if name or len(self._by_name) == 1:
            airflow = await self.at(name)
            await airflow.need(dag_id)
            return airflow
        reached = await self.reach()
        unreachable = dict(reached.unreachable)
        homes: list[VisibleAirflow] = []
        for airflow in reached.airflows:
            try:
                homes += [airflow] if await airflow.sees(dag_id) else []
            except AirflowError as wrong:
                unreachable[airflow.name] = str(wrong)
        if len(homes) == 1:
            return homes[0]
        if homes:
            names = ", ".join(airflow.name for airflow in homes)
            raise BadInput(f"{dag_id} is on several Airflows: {names}. Name one as `instance`.")
        missing = _nowhere(dag_id, reached, unreachable)
        raise Unreachable(missing) if unreachable else DagNotFound(missing)

    def _unknown(self, instance: str) -> str:
        known = ", ".join(self.names)
        if not known:
            return "No Airflow is open to you here."
        if not instance:
            return f"There are several Airflows: {known}. Name one as `instance`."
        return f"No Airflow is called {instance}; there are: {known}."


_PARTS = ("dag_id", "run_id", "task_id", "map_index", "try_number", "logical_date")


def _merge(into: dict[str, object], found: Mapping[str, object]) -> None:
    for key, value in found.items():
        if value in {"", None}:
            continue
        if into.setdefault(key, value) != value:
            raise BadInput(f"{key} is given twice: {into[key]} and {value}. Keep one.")


def _nowhere(dag_id: str, reached: Reached, unreachable: Mapping[str, str]) -> str:
    names = [airflow.name for airflow in reached.airflows if airflow.name not in unreachable]
    text = f"No DAG {dag_id} on {', '.join(names) or 'no Airflow'}."
    if unreachable:
        text += f" Could not be searched now: {', '.join(unreachable)}."
    return f"{text} Call find_dags to see which there are."


async def _latest(airflow: VisibleAirflow, dag_id: str, which: str) -> str:
    where = RunFilter(states=("failed",) if which == LATEST_FAILED else ())
    found = await airflow.runs(dag_id, where, limit=1)
    if not found.items:
        kind = "failed run" if which == LATEST_FAILED else "run"
        raise RunNotFound(f"{dag_id} has no {kind} yet. Call find_runs, or explain_waiting.")
    return found.items[0].run_id


async def _run_at(airflow: VisibleAirflow, place: Place) -> str:
    """The run that an old address means by its logical date."""
    found = await airflow.runs(place.dag_id)
    for run in found.items:
        if run.logical_date == place.logical_date:
            return run.run_id
    raise RunNotFound(
        f"{place.dag_id} has no run of {place.logical_date} among its latest {found.delivered}. "
        "Call find_runs."
    )


Airflows = Backend[Fleet]
