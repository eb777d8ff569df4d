"""Which DAGs of one Airflow a caller may see, and which they may change."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from dragoman.auth.policy import Attribute, Entity
from dragoman.errors import NotPermitted
from dragoman.tool import Permits
from dragoman_airflow.api import Airflow
from dragoman_airflow.errors import DagNotFound
from dragoman_airflow.models import Dag, ImportFault, Listing
from dragoman_airflow.settings import InstanceSetting
from dragoman_airflow.visible.labels import Label, Labels

READ = "airflow.read"
CHANGE = "airflow.change"
WHOLE = 10_000
"""DAGs of one Airflow that are read at most."""

_ONE_BY_ONE = 3
_LOOKS = 20
_FAR = 5_000
_CUT = "Not read to its end: narrow what you ask for."
T = TypeVar("T")


def instance_entity(setting: InstanceSetting) -> Entity:
    return Entity("Instance", setting.name, {"tags": setting.tags})


@dataclass(frozen=True, slots=True)
class _Whole:
    """All DAGs of an Airflow by id, as far as they were read."""

    labels: dict[str, Label]
    complete: bool


class Sight:
    """One caller's view of one Airflow; a hidden DAG costs and says what an unknown one does."""

    def __init__(
        self, airflow: Airflow, setting: InstanceSetting, permits: Permits, labels: Labels
    ) -> None:
        self._airflow = airflow
        self._setting = setting
        self._permits = permits
        self._labels = labels
        self._whole: _Whole | None = None
        self.undecided = False

    async def dag(self, dag_id: str) -> Dag:
        """The DAG itself, read now. Raises DagNotFound for an unknown and for a hidden one."""
        try:
            dag = await self._airflow.dag(dag_id)
        except DagNotFound:
            raise self._not_found(dag_id) from None
        self._labels.put([dag])
        if not self._may(READ, dag_id, Label.of(dag)):
            raise self._not_found(dag_id)
        return dag

    async def need(self, dag_id: str) -> None:
        """Passes for a DAG that may be seen. Raises DagNotFound for any other."""
        label = self._labels.get(dag_id)
        # A refusal is never from memory, so that it takes as long as for an unknown DAG.
        if label is None or not self._may(READ, dag_id, label):
            await self.dag(dag_id)

    async def need_change(self, dag_id: str) -> None:
        """Raises DagNotFound for a DAG that may not be seen, NotPermitted for one not changed."""
        if not await self.may_change(dag_id):
            raise NotPermitted(f"No policy lets you change {dag_id} on {self._setting.name}.")

    async def may_change(self, dag_id: str) -> bool:
        """By the DAG as it is now: a change rests on nothing remembered.

        Raises DagNotFound for a DAG that may not be seen.
        """
        label = Label.of(await self.dag(dag_id))
        return self._permits(CHANGE, instance_entity(self._setting)) and self._may(
            CHANGE, dag_id, label
        )

    async def among(self, dag_ids: Iterable[str]) -> frozenset[str]:
        """Those of these DAGs that may be seen; `undecided` when some could not be looked at."""
        asked = set(dag_ids) - {""}
        unknown = [dag_id for dag_id in asked if self._labels.get(dag_id) is None]
        if len(unknown) > _ONE_BY_ONE and self._whole is None:
            await self._read_whole()
            unknown = [dag_id for dag_id in unknown if self._labels.get(dag_id) is None]
        for dag_id in sorted(unknown)[:_LOOKS]:
            await self._look(dag_id)
        self.undecided = len(unknown) > _LOOKS
        return frozenset(dag_id for dag_id in asked if self._sees(dag_id))

    def learn(self, dags: Iterable[Dag]) -> None:
        """Remembers what policy asks about DAGs that were just read."""
        self._labels.put(dags)

    async def scan(
        self,
        read: Callable[[int], Awaitable[Listing[T]]],
        dag_of: Callable[[T], str],
        limit: int,
        least: int = 0,
    ) -> Listing[T]:
        """Up to `limit` items of DAGs that may be seen; the rest is neither counted nor told.

        Reads `least` at first, and on past hidden ones until there is one more than asked for, or
        nothing more.
        """
        reach = max(limit + 1, least)
        while True:
            found = await read(reach)
            seen = await self.among(dag_of(item) for item in found.items)
            kept = tuple(item for item in found.items if dag_of(item) in seen)
            if found.complete or len(kept) > limit or reach >= _FAR:
                break
            reach = min(reach * 4, max(_FAR, limit + 1))
        whole = found.complete and not self.undecided
        claimed = len(kept) if whole else None
        complete = whole and len(kept) <= limit
        return Listing(kept[:limit], claimed, complete, "" if complete else _CUT)

    async def files(self, faults: Iterable[ImportFault]) -> tuple[ImportFault, ...]:
        """Files all of whose DAGs may be seen; a shared one without what its error says.

        A file that no known DAG comes from is anybody's, so only those who may see every DAG, and
        one without tags or owners, are told of it.
        """
        whole = self._whole or await self._read_whole()
        may = {name: self._may(READ, name, label) for name, label in whole.labels.items()}
        untagged = self._may(READ, "", Label((), (), "", ""))
        sees_all = whole.complete and untagged and all(may.values())
        kept: list[ImportFault] = []
        for fault in faults:
            own = [
                may[dag_id]
                for dag_id, label in whole.labels.items()
                if label.is_from(fault.filename, fault.bundle_name)
            ]
            if all(own) and (own or sees_all):
                kept.append(fault)
            elif any(own):
                kept.append(
                    ImportFault(
                        filename=fault.filename,
                        bundle_name=fault.bundle_name,
                        timestamp=fault.timestamp,
                    )
                )
        return tuple(kept)

    async def _read_whole(self) -> _Whole:
        listing = await self._airflow.dags(limit=WHOLE)
        self._labels.put(listing.items)
        labels = {dag.dag_id: Label.of(dag) for dag in listing.items}
        self._whole = _Whole(labels, listing.complete)
        return self._whole

    async def _look(self, dag_id: str) -> None:
        try:
            self._labels.put([await self._airflow.dag(dag_id)])
        except DagNotFound:
            return

    def _sees(self, dag_id: str) -> bool:
        label = self._labels.get(dag_id)
        return label is not None and self._may(READ, dag_id, label)

    def _may(self, action: str, dag_id: str, label: Label) -> bool:
        attributes: dict[str, Attribute] = {
            "tags": label.tags,
            "owners": label.owners,
            "instance": self._setting.name,
            "instance_tags": self._setting.tags,
        }
        return self._permits(action, Entity("Dag", f"{self._setting.name}/{dag_id}", attributes))

    def _not_found(self, dag_id: str) -> DagNotFound:
        return DagNotFound(
            f"No DAG {dag_id} on {self._setting.name}. Call find_dags to see which there are; "
            "one whose file cannot be loaded is not among them."
        )
