from dataclasses import replace

from dragoman.auth.caller import Caller
from dragoman.auth.policy import Entity, Policy
from dragoman.auth.policy_diff import Row, diff
from dragoman.auth.policy_explain import Way, explain

ADS = """
@id("ads") permit (
    principal in Group::"ads",
    action in [Action::"presto.connect", Action::"presto.query"],
    resource == Server::"presto"
) when { resource.channels.isEmpty() || resource.channels.contains(context.channel) };
"""
FREEZE = """
@id("freeze") forbid (principal, action == Action::"presto.query", resource)
when { context.channel == "incident" || context.surface like "bot-*" };
"""
AGENT = """
@id("agent") permit (
    principal == Service::"spiffe://prod/agent", action == Action::"presto.list", resource
);
"""
QUERY = Entity("Tool", "presto/run_query")


def presto(text: str) -> Policy:
    return Policy.load(
        text,
        server="presto",
        actions=["presto.query"],
        tools={"run_query": ["data"], "get_query": [], "list_queries": []},
    )


def in_groups(*groups: str, channel: str = "", surface: str = "") -> Caller:
    return Caller("alice", frozenset(groups), channel=channel, surface=surface)


def test_a_yes_is_explained_by_the_policies_that_permit() -> None:
    found = explain(presto(ADS), in_groups("ads"), "presto.connect")

    assert str(found) == "permitted by ads"


def test_a_no_names_the_group_that_would_help() -> None:
    found = explain(presto(ADS), in_groups("eng"), "presto.connect")

    assert found.ways == (Way(("ads",), group="ads"),)
    assert str(found) == "denied: no policy permits it\nneeds group ads (ads)"


def test_a_no_names_the_channel_that_would_help() -> None:
    found = explain(presto(ADS), in_groups("ads", channel="random"), "presto.query", QUERY)

    assert found.ways == (Way(("ads",), channel="data"),)


def test_a_no_names_a_pair_of_changes_only_where_no_single_one_helps() -> None:
    found = explain(presto(ADS), in_groups(channel="random"), "presto.query", QUERY)

    assert [str(way) for way in found.ways] == ["needs group ads and channel data (ads)"]


def test_a_forbid_is_named_with_the_way_around_it() -> None:
    found = explain(presto(ADS + FREEZE), in_groups("ads", surface="bot-7"), "presto.query")

    assert str(found).splitlines() == [
        "forbidden by freeze",
        "needs no surface (ads)",
        "needs surface (any other) (ads)",
    ]


def test_a_service_is_not_told_to_join_a_group() -> None:
    found = explain(presto(ADS), Caller("", workload="spiffe://prod/x"), "presto.connect")

    assert found.ways == ()


def test_an_error_is_explained_as_one() -> None:
    found = explain(presto(ADS), in_groups("ads"), "presto.drop")

    assert str(found) == "denied by an error: no such action: presto.drop"


def test_equal_policies_differ_in_nothing() -> None:
    assert diff(presto(ADS + FREEZE), presto(f"{FREEZE} // moved\n{ADS}")) == []


def test_a_new_group_gains_what_it_is_given_and_nobody_loses() -> None:
    eng = ADS.replace('Group::"ads"', 'Group::"eng"').replace('@id("ads")', '@id("eng")')

    rows = diff(presto(ADS), presto(ADS + eng), actions=["presto.query"])

    places = {(row.change, row.who, row.resource, row.channel) for row in rows}
    assert places == {
        ("gains", "group eng", "presto", ""),
        ("gains", "group eng", "presto", "data"),
        ("gains", "group eng", "get_query", ""),
        ("gains", "group eng", "get_query", "data"),
        ("gains", "group eng", "run_query", "data"),
    }


def test_a_new_forbid_takes_only_where_its_condition_holds() -> None:
    rows = diff(presto(ADS), presto(ADS + FREEZE))

    assert {row.change for row in rows} == {"loses"}
    assert {row.action for row in rows} == {"presto.query"}
    assert all(row.channel == "incident" or row.surface == "bot-" for row in rows)


def test_a_service_gains_alone() -> None:
    rows = diff(presto(ADS), presto(ADS + AGENT))

    assert {row.who for row in rows} == {"service spiffe://prod/agent"}
    assert (
        Row(
            "gains",
            "service spiffe://prod/agent",
            "presto.list",
            "presto",
            "",
            "",
            "spiffe://prod/agent",
        )
        in rows
    )


def test_a_permit_for_everyone_is_seen_without_any_group() -> None:
    rows = diff(presto(""), presto('@id("all") permit (principal is User, action, resource);'))

    assert ("any person", "presto.connect") in {(row.who, row.action) for row in rows}


def test_a_caller_of_two_groups_is_compared_when_given() -> None:
    both = '@id("both") permit (principal in Group::"a", action, resource)'
    old, new = presto(f"{both};"), presto(f'{both} unless {{ principal in Group::"b" }};')
    given = replace(in_groups("a", "b"), subject="carol")

    assert diff(old, new) == []
    assert {row.who for row in diff(old, new, callers=[given])} == {"carol"}
