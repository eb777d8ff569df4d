"""A DAG's tasks as a graph, with the leaves that decide a run's state."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Self

from dragoman_airflow.models import Task

_TEARDOWN_RULE = "all_done_setup_success"
_Step = Callable[[str], tuple[str, ...]]


class TaskGraph:
    """Tasks and what follows what; a task that is not known stands alone, and cycles end."""

    def __init__(self, tasks: Mapping[str, Task]) -> None:
        self.tasks = tasks
        self._upstream: dict[str, list[str]] = {}
        for task in tasks.values():
            for below in task.downstream:
                self._upstream.setdefault(below, []).append(task.task_id)

    @classmethod
    def of(cls, tasks: Iterable[Task]) -> Self:
        return cls({task.task_id: task for task in tasks})

    def __contains__(self, task_id: str) -> bool:
        return task_id in self.tasks

    def upstream(self, task_id: str) -> tuple[str, ...]:
        """The tasks directly before it, those of a missing definition included."""
        return tuple(self._upstream.get(task_id, ()))

    def downstream(self, task_id: str) -> tuple[str, ...]:
        task = self.tasks.get(task_id)
        return task.downstream if task else ()

    def ancestors(self, task_id: str) -> frozenset[str]:
        return frozenset(_reached(task_id, self.upstream))

    def descendants(self, *task_ids: str) -> frozenset[str]:
        """All that comes after any of them, without them unless one comes after another."""
        return frozenset(_reached_of(task_ids, self.downstream))

    def is_teardown(self, task_id: str) -> bool:
        """Airflow 3 does not tell; there only teardowns have their trigger rule."""
        task = self.tasks.get(task_id)
        if task is None:
            return False
        if task.is_teardown is None:
            return task.trigger_rule == _TEARDOWN_RULE
        return task.is_teardown

    @cached_property
    def leaves(self) -> frozenset[str]:
        """The tasks whose end is the run's: teardowns, and what has only those below, do not count.

        A DAG of teardowns alone has its last ones. Whether a teardown was declared to fail the run
        (`on_failure_fail_dagrun`) is not in Airflow's API.
        """
        leaves = frozenset(
            task_id
            for task_id in self.tasks
            if not self.is_teardown(task_id)
            and all(self.is_teardown(below) for below in self.downstream(task_id))
        )
        return leaves or frozenset(t for t in self.tasks if not self.downstream(t))

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Every task after those before it, ties by name; tasks of a cycle come last."""
        waiting = {
            task_id: sum(above in self.tasks for above in set(self.upstream(task_id)))
            for task_id in self.tasks
        }
        ready = deque(sorted(task_id for task_id, above in waiting.items() if not above))
        placed: dict[str, None] = {}
        while ready:
            task_id = ready.popleft()
            placed[task_id] = None
            freed: list[str] = []
            for below in set(self.downstream(task_id)) & waiting.keys():
                waiting[below] -= 1
                if waiting[below] == 0:
                    freed.append(below)
            ready.extend(sorted(freed))
        rest = sorted(task_id for task_id in self.tasks if task_id not in placed)
        return (*placed, *rest)

    def group_of(self, task_id: str) -> str:
        """The task group that a name shows, innermost; empty outside of one."""
        return task_id.rpartition(".")[0]


def _reached(start: str, step: _Step) -> Iterator[str]:
    return _reached_of((start,), step)


def _reached_of(starts: Iterable[str], step: _Step) -> Iterator[str]:
    seen: set[str] = set()
    todo = deque(one for start in starts for one in step(start))
    while todo:
        task_id = todo.popleft()
        if task_id in seen:
            continue
        seen.add(task_id)
        yield task_id
        todo.extend(step(task_id))
