from hypothesis import given
from hypothesis import strategies as st

from dragoman_airflow.graph import TaskGraph
from dragoman_airflow.models import Task


def chain(**below: str) -> TaskGraph:
    """Tasks by name, with the names that follow each, separated by spaces."""
    return TaskGraph.of(
        Task(task_id=name, downstream=tuple(names.split())) for name, names in below.items()
    )


def test_ancestors_and_descendants_reach_over_several_steps() -> None:
    graph = chain(a="b c", b="d", c="d", d="", alone="")

    assert graph.ancestors("d") == {"a", "b", "c"}
    assert graph.descendants("a") == {"b", "c", "d"}
    assert graph.descendants("b", "c") == {"d"}
    assert graph.ancestors("alone") == frozenset()


def test_a_task_that_is_not_known_stands_alone() -> None:
    graph = chain(a="gone", b="")

    assert graph.ancestors("never_heard_of") == frozenset()
    assert graph.descendants("gone") == frozenset()
    assert graph.upstream("gone") == ("a",)
    assert "gone" not in graph.order


def test_teardowns_are_no_leaves_and_let_what_is_above_them_be_one() -> None:
    tasks = (
        Task(task_id="work", downstream=("tidy",)),
        Task(task_id="tidy", trigger_rule="all_done_setup_success"),
        Task(task_id="side", is_teardown=False, trigger_rule="all_done_setup_success"),
    )

    assert TaskGraph.of(tasks).leaves == {"work", "side"}


def test_a_dag_of_teardowns_alone_has_its_last_ones_as_leaves() -> None:
    tasks = (
        Task(task_id="one", is_teardown=True, downstream=("two",)),
        Task(task_id="two", is_teardown=True),
    )

    assert TaskGraph.of(tasks).leaves == {"two"}


def test_a_circle_in_foreign_data_ends() -> None:
    graph = chain(a="b", b="c", c="b", d="")

    assert graph.descendants("a") == {"b", "c"}
    assert graph.ancestors("c") == {"a", "b", "c"}
    assert sorted(graph.order) == ["a", "b", "c", "d"]


@given(st.sets(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=60))
def test_every_task_comes_once_and_after_all_that_are_before_it(
    pairs: set[tuple[int, int]],
) -> None:
    edges = {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}
    graph = TaskGraph.of(
        Task(task_id=f"t{n}", downstream=tuple(f"t{b}" for a, b in sorted(edges) if a == n))
        for n in reversed(range(16))
    )

    place = {name: number for number, name in enumerate(graph.order)}

    assert sorted(graph.order) == sorted(graph.tasks)
    assert all(place[f"t{a}"] < place[f"t{b}"] for a, b in edges)
