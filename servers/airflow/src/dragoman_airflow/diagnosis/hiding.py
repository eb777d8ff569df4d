"""Why a run is called a success although a task of it failed."""

from collections.abc import Collection
from dataclasses import dataclass

from dragoman_airflow.graph import TaskGraph


@dataclass(frozen=True, slots=True)
class Hidden:
    """A failed task and what let the run end well: a task below with a rule, or a teardown."""

    task_id: str
    why: str


def hidden(graph: TaskGraph, failed: str, bad: Collection[str]) -> Hidden:
    """What hides the failure of a task; `bad` are all tasks that failed or never ran."""
    if graph.is_teardown(failed):
        return Hidden(failed, "a teardown, which does not count for the run's state")
    for name in _nearest_first(graph, failed):
        if name in bad or not (set(graph.upstream(name)) & {failed, *bad}):
            continue
        if graph.is_teardown(name):
            continue
        rule = graph.tasks[name].trigger_rule if name in graph else "its rule"
        leaf = "leaf task" if name in graph.leaves else "task"
        return Hidden(name, f"the {leaf} {name} below it has trigger rule {rule} and ended well")
    if failed in graph.leaves:
        return Hidden(failed, "a leaf, so the run's state was set by other means")
    return Hidden(failed, "no leaf task of the run failed, and Airflow asks the leaves alone")


def _nearest_first(graph: TaskGraph, start: str) -> list[str]:
    below = graph.descendants(start)
    return [name for name in graph.order if name in below]
