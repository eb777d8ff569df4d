"""What policy is asked about a DAG, kept for as long as settings say."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic

from dragoman_airflow.models import Dag

_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Label:
    """The part of a DAG that decides who may see it, and the file it comes from."""

    tags: tuple[str, ...]
    owners: tuple[str, ...]
    fileloc: str
    bundle_name: str

    @classmethod
    def of(cls, dag: Dag) -> "Label":
        return cls(dag.tags, dag.owners, dag.fileloc, dag.bundle_name)

    def is_from(self, filename: str, bundle_name: str) -> bool:
        """Whether the DAG's file is that one, whole path or relative to its bundle."""
        if self.bundle_name and bundle_name and self.bundle_name != bundle_name:
            return False
        asked, own = f"/{filename.strip('/')}/", f"/{self.fileloc.strip('/')}/"
        # A DAG inside an archive lies below the file that cannot be read.
        return own == asked or own.endswith(asked) or asked in own


class Labels:
    """One Airflow's labels, shared by all callers: facts, not what one of them may see."""

    def __init__(self, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[str, tuple[float, Label]] = {}

    def get(self, dag_id: str) -> Label | None:
        """The label, if it was read lately enough."""
        kept = self._kept.get(dag_id)
        if kept is None or kept[0] <= self._clock():
            return None
        return kept[1]

    def put(self, dags: Iterable[Dag]) -> None:
        """Remembers these; where there are too many, the oldest go first."""
        until = self._clock() + self._seconds
        for dag in dags:
            self._kept.pop(dag.dag_id, None)
            self._kept[dag.dag_id] = (until, Label.of(dag))
        for dag_id in list(self._kept)[: max(0, len(self._kept) - _MOST)]:
            del self._kept[dag_id]
