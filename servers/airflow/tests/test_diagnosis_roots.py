"""Which instances began a failure; the reference is written here from Airflow's words alone."""

from collections.abc import Mapping
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from dragoman_airflow.diagnosis.roots import Findings, find_roots
from dragoman_airflow.graph import TaskGraph
from dragoman_airflow.models import Instance, Task

START = datetime(2026, 11, 8, 3, tzinfo=UTC)


def instance(task_id: str, state: str, map_index: int = -1) -> Instance:
    started = None if state in {"upstream_failed", ""} else START
    return Instance(
        dag_id="d",
        run_id="r",
        task_id=task_id,
        state=state,
        map_index=map_index,
        start_date=started,
    )


def graph_of(edges: Mapping[str, str], **rules: str) -> TaskGraph:
    return TaskGraph.of(
        Task(
            task_id=name,
            downstream=tuple(below.split()),
            trigger_rule=rules.get(name.replace(".", "_"), "all_success"),
        )
        for name, below in edges.items()
    )


def names(found: Findings) -> list[str]:
    return [root.task_id for root in found.roots]


def test_only_the_first_failure_of_a_chain_is_a_root_whatever_the_listing_order() -> None:
    graph = graph_of({"a": "b", "b": "c", "c": ""})
    instances = [
        instance("c", "upstream_failed"),
        instance("b", "upstream_failed"),
        instance("a", "failed"),
    ]

    found = find_roots(graph, instances)

    assert names(found) == ["a"]
    assert {one.task_id for one in found.followers} == {"b", "c"}
    assert found.stuck == ()


def test_two_failures_that_do_not_depend_on_each_other_are_both_roots() -> None:
    graph = graph_of({"zebra": "join", "apple": "join", "join": ""})
    instances = [
        instance("join", "upstream_failed"),
        instance("zebra", "failed"),
        instance("apple", "failed"),
    ]

    assert names(find_roots(graph, instances)) == ["apple", "zebra"]


def test_a_clean_up_that_runs_in_spite_of_a_failure_and_fails_too_is_no_root() -> None:
    graph = graph_of({"load": "tidy", "tidy": ""}, tidy="all_done")
    found = find_roots(graph, [instance("load", "failed"), instance("tidy", "failed")])

    assert names(found) == ["load"]
    assert [later.task_id for later in found.later] == ["tidy"]
    assert found.later[0].above == ("load",)


def test_a_failure_below_a_task_that_ended_well_is_a_root_of_its_own() -> None:
    graph = graph_of({"load": "tidy", "tidy": "send", "send": ""}, tidy="all_done")
    found = find_roots(graph, [instance("load", "failed"), instance("send", "failed")])

    assert names(found) == ["load", "send"]
    assert found.roots[1].above == ("load",)


def test_the_instances_of_a_mapped_task_are_one_root() -> None:
    tasks = [Task(task_id="check", is_mapped=True, downstream=("seal",)), Task(task_id="seal")]
    failed = [instance("check", "failed", index) for index in (137, 4)]
    found = find_roots(TaskGraph.of(tasks), [*failed, instance("seal", "upstream_failed")])

    assert [[one.map_index for one in root.instances] for root in found.roots] == [[4, 137]]


def test_in_a_mapped_group_an_index_is_blamed_on_its_own_index_only() -> None:
    graph = graph_of({"region.read": "region.write", "region.write": ""}, region_write="all_done")
    instances = [
        instance("region.read", "failed", 3),
        instance("region.write", "failed", 3),
        instance("region.write", "failed", 5),
    ]

    found = find_roots(graph, instances)

    assert [(root.task_id, [i.map_index for i in root.instances]) for root in found.roots] == [
        ("region.read", [3]),
        ("region.write", [5]),
    ]
    assert [[i.map_index for i in later.instances] for later in found.later] == [[3]]


def test_a_started_instance_of_a_group_without_prefix_is_a_root_where_its_rule_needs_all() -> None:
    graph = graph_of({"read": "write", "write": ""})
    instances = [
        instance("read", "failed", 3),
        instance("write", "upstream_failed", 3),
        instance("write", "failed", 5),
    ]

    assert names(find_roots(graph, instances)) == ["read", "write"]


def test_a_task_that_will_be_tried_again_is_a_root_too() -> None:
    graph = graph_of({"a": "b", "b": ""})

    assert names(find_roots(graph, [instance("a", "up_for_retry")])) == ["a"]


def test_a_task_that_could_not_run_though_nothing_failed_is_stuck_and_those_below_are_not() -> None:
    graph = graph_of({"a": "b", "b": "c", "c": ""}, b="one_success")
    found = find_roots(graph, [instance("c", "upstream_failed"), instance("b", "upstream_failed")])

    assert found.roots == ()
    assert [one.task_id for one in found.stuck] == ["b"]


def test_an_instance_of_a_task_that_the_dag_no_longer_has_is_a_root() -> None:
    assert names(find_roots(graph_of({"a": ""}), [instance("dropped", "failed")])) == ["dropped"]


STATES = ("success", "failed", "upstream_failed", "skipped", "up_for_retry", "removed")


@st.composite
def runs(draw: st.DrawFn) -> tuple[dict[int, set[int]], dict[int, str]]:
    """Parents of up to nine tasks, each with a state."""
    many = draw(st.integers(1, 9))
    parents = {
        n: draw(st.sets(st.integers(0, n - 1), max_size=4)) if n else set[int]()
        for n in range(many)
    }
    return parents, {n: draw(st.sampled_from(STATES)) for n in range(many)}


@given(runs())
def test_roots_are_those_whose_direct_parents_did_not_break(
    drawn: tuple[dict[int, set[int]], dict[int, str]],
) -> None:
    parents, states = drawn
    graph = TaskGraph.of(
        Task(task_id=f"t{n}", downstream=tuple(f"t{c}" for c in parents if n in parents[c]))
        for n in parents
    )
    bad = [instance(f"t{n}", s) for n, s in reversed(states.items()) if s != "success"]

    found = find_roots(graph, bad)

    assert set(names(found)) == {f"t{n}" for n in parents if is_root(n, parents, states)}
    with_no_failure_above = {
        f"t{n}"
        for n, state in states.items()
        if state == "failed" and not any(states[a] == "failed" for a in above(n, parents))
    }
    assert with_no_failure_above <= set(names(found))
    told = {*names(found), *(later.task_id for later in found.later)}
    assert told == {f"t{n}" for n, s in states.items() if s in {"failed", "up_for_retry"}}


def is_root(n: int, parents: dict[int, set[int]], states: dict[int, str]) -> bool:
    """Failed, and no parent failed or was kept from running by a failure above."""
    if states[n] not in {"failed", "up_for_retry"}:
        return False
    if not any(states[a] == "failed" for a in above(n, parents)):
        return True
    return not any(states[p] in {"failed", "upstream_failed"} for p in parents[n])


def above(n: int, parents: dict[int, set[int]]) -> set[int]:
    return parents[n].union(*(above(p, parents) for p in parents[n])) if parents[n] else set()
