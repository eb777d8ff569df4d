"""Which failed instances began a failure, and which only follow, by Airflow's trigger rules."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dragoman_airflow.graph import TaskGraph
from dragoman_airflow.models import Instance

FAILED = "failed"
FAILED_STATES = frozenset({"failed", "upstream_failed"})
RETRYING = frozenset({"up_for_retry", "restarting"})
_NEEDS_ALL = frozenset({"all_success", "none_failed", "none_failed_min_one_success"})


@dataclass(frozen=True, slots=True)
class Root:
    """A task that failed by itself; a mapped task is one, with the instances that failed.

    `above` are failed tasks before it, in spite of which its rule let it run.
    """

    task_id: str
    instances: tuple[Instance, ...]
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """What the graph says of the instances that did not succeed.

    `roots` failed and nothing that they needed had failed. `later` failed too, but after one of
    their direct parents had. `followers` never ran. `stuck` did not run though nothing above
    failed. `stopped` were failed by Airflow because another task had failed.
    """

    roots: tuple[Root, ...]
    later: tuple[Root, ...]
    followers: tuple[Instance, ...]
    stuck: tuple[Instance, ...]
    stopped: tuple[Root, ...] = ()


def find_roots(
    graph: TaskGraph,
    instances: Sequence[Instance],
    stopped: Collection[tuple[str, int]] = (),
) -> Findings:
    """The roots in the graph's order, never in the order of listing or time.

    `instances` are all that did not succeed; those left out count as successful. A mapped
    instance of a task group depends on those of its own index in that group alone. `stopped`
    are tasks and indexes that did not fail by themselves; where nothing else did, they are roots.
    """
    bad = _Bad(graph, instances)
    roots: dict[str, list[Instance]] = defaultdict(list)
    later: dict[str, list[Instance]] = defaultdict(list)
    halted: dict[str, list[Instance]] = defaultdict(list)
    stuck: list[Instance] = []
    followers: list[Instance] = []
    for one in instances:
        if one.state in RETRYING or one.state == FAILED:
            own = roots if not bad.directly_above(one) else later
            (halted if one.key in stopped else own)[one.task_id].append(one)
        elif one.state == "upstream_failed":
            (followers if bad.has_failure_above(one) else stuck).append(one)
    if not roots:
        roots, halted = halted, roots
    return Findings(
        roots=_ordered(graph, roots, bad),
        stopped=_ordered(graph, halted, bad),
        later=_ordered(graph, later, bad),
        followers=tuple(followers),
        stuck=_first(graph, stuck),
    )


class _Bad:
    """Failed and never-run instances by task and index, asked from below."""

    def __init__(self, graph: TaskGraph, instances: Iterable[Instance]) -> None:
        self._graph = graph
        self._failed: dict[str, set[int]] = defaultdict(set)
        self._idle: dict[str, set[int]] = defaultdict(set)
        self._indexed: set[str] = set()
        for one in instances:
            if one.state in FAILED_STATES:
                of_state = self._failed if one.state == FAILED else self._idle
                of_state[one.task_id].add(one.map_index)
            if one.map_index >= 0 and not _is_mapped(graph, one.task_id):
                self._indexed.add(one.task_id)
        self._above: dict[str, frozenset[str]] = {}

    def directly_above(self, one: Instance) -> bool:
        """Whether a direct parent failed, or did not run because of a failure."""
        if self._started_by_right(one):
            return False
        return any(
            self._concerns(self._failed, parent, one)
            or (self._concerns(self._idle, parent, one) and self.has_failure_above(one))
            for parent in self._graph.upstream(one.task_id)
        )

    def _started_by_right(self, one: Instance) -> bool:
        """A started one of a mapped group, whose rule proves that its own parents were well."""
        task = self._graph.tasks.get(one.task_id)
        needs_all = task is not None and task.trigger_rule in _NEEDS_ALL
        return needs_all and one.task_id in self._indexed and one.start_date is not None

    def has_failure_above(self, one: Instance) -> bool:
        return any(self._concerns(self._failed, name, one) for name in self._names(one.task_id))

    def failed_above(self, task_id: str) -> tuple[str, ...]:
        return tuple(sorted(self._names(task_id)))

    def _names(self, task_id: str) -> frozenset[str]:
        if task_id not in self._above:
            self._above[task_id] = self._graph.ancestors(task_id) & self._failed.keys()
        return self._above[task_id]

    def _concerns(self, bad: Mapping[str, set[int]], above: str, one: Instance) -> bool:
        indexes = bad.get(above)
        if not indexes:
            return False
        if one.map_index < 0 or not self._by_index(above, one.task_id):
            return True
        return one.map_index in indexes or -1 in indexes

    def _by_index(self, above: str, below: str) -> bool:
        """Whether both are in one mapped group, where an index depends on its own alone.

        Only tasks of such a group have indexes without being mapped themselves.
        """
        if above not in self._indexed or below not in self._indexed:
            return False
        groups = (self._graph.group_of(above), self._graph.group_of(below))
        shared = _shared_group(*groups)
        return bool(shared) and shared in groups


def _is_mapped(graph: TaskGraph, task_id: str) -> bool:
    return task_id not in graph or graph.tasks[task_id].is_mapped


def _shared_group(one: str, other: str) -> str:
    parts: list[str] = []
    for mine, theirs in zip(one.split("."), other.split("."), strict=False):
        if mine != theirs:
            break
        parts.append(mine)
    return ".".join(parts)


def _ordered(graph: TaskGraph, found: Mapping[str, list[Instance]], bad: _Bad) -> tuple[Root, ...]:
    place = {task_id: number for number, task_id in enumerate(graph.order)}
    names = sorted(found, key=lambda name: (place.get(name, len(place)), name))
    return tuple(
        Root(
            name,
            tuple(sorted(found[name], key=lambda one: (one.state != FAILED, one.map_index))),
            bad.failed_above(name),
        )
        for name in names
    )


def _first(graph: TaskGraph, stuck: Sequence[Instance]) -> tuple[Instance, ...]:
    """Those that wait for none of the others."""
    names = {one.task_id for one in stuck}
    return tuple(one for one in stuck if not graph.ancestors(one.task_id) & names)
