from collections.abc import Iterable
from dataclasses import replace

import pytest

from dragoman.auth.caller import Caller
from dragoman.auth.policy import Decision, Entity, Policy

SPARK = """
@id("spark-readers")
permit (
    principal in Group::"data-eng",
    action in [Action::"spark.connect", Action::"spark.list", Action::"spark.read"],
    resource in Server::"spark"
);
"""
IN_CHANNEL = """
@id("in-channel")
permit (principal in Group::"data-eng", action == Action::"spark.read", resource == Server::"spark")
when { resource.channels.isEmpty() || resource.channels.contains(context.channel) };
"""
TOO_BIG = """
@id("too-big")
forbid (principal, action, resource is LogRoot) when { resource.size * 2 > 10 };
"""
ALICE = Caller(subject="alice", groups=frozenset({"data-eng", "everyone"}))
BOB = Caller(subject="bob", groups=frozenset({"ads"}))
ROOT = Entity("LogRoot", "nightly", {"owner": "etl", "size": 1, "tags": ("gold",), "open": True})


def spark(text: str = SPARK, heard: list[str] | None = None) -> Policy:
    return Policy.load(
        text,
        server="spark",
        actions=["spark.read"],
        channels=["ads", "eng"],
        tools={"read_log": ["eng"], "get_overview": []},
        objects={
            "LogRoot": {"owner": "String", "size": "Long", "tags": "Set<String>", "open": "Bool"}
        },
        alarm=(heard if heard is not None else []).append,
    )


def member(group: str, channel: str = "") -> Caller:
    return Caller(subject="alice", groups=frozenset({group}), channel=channel)


def quoted(text: str) -> str:
    """A Cedar string literal."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{plain}"'


def test_a_permit_is_named_in_the_decision() -> None:
    assert spark().decide(ALICE, "spark.connect") == Decision(True, ("spark-readers",))


def test_nothing_permits_whom_no_policy_names() -> None:
    assert spark().decide(BOB, "spark.connect") == Decision(False)


@pytest.mark.parametrize("tool", ["read_log", "get_overview"])
@pytest.mark.parametrize("scope", ['in Server::"spark"', '== Server::"spark"', "is Tool", ""])
def test_a_policy_for_the_server_covers_its_tools(scope: str, tool: str) -> None:
    policy = spark(SPARK.replace('in Server::"spark"', scope))

    assert policy.decide_tool(ALICE, "spark.read", tool).allowed
    assert not policy.decide_tool(BOB, "spark.read", tool).allowed


def test_a_policy_for_one_tool_covers_neither_another_nor_the_server() -> None:
    policy = spark(SPARK.replace('in Server::"spark"', '== Tool::"spark/read_log"'))

    assert policy.decide_tool(ALICE, "spark.read", "read_log").allowed
    assert not policy.decide_tool(ALICE, "spark.read", "get_overview").allowed
    assert not policy.decide(ALICE, "spark.read").allowed


@pytest.mark.parametrize("scope", ['== Server::"spark"', '== Tool::"spark/read_log"', ""])
def test_a_forbid_on_server_or_tool_forbids_the_tool(scope: str) -> None:
    policy = spark(f'{SPARK} @id("closed") forbid (principal, action, resource {scope});')

    assert policy.decide_tool(ALICE, "spark.read", "read_log") == Decision(False, ("closed",))


@pytest.mark.parametrize(
    "condition",
    ['resource == Server::"spark"', "resource is Tool", 'resource in Tool::"spark/read_log"'],
)
def test_a_condition_on_server_or_tool_is_tried_for_both(condition: str) -> None:
    clause = f"(principal, action, resource) when {{ {condition} }};"
    permit = spark(f'@id("p") permit {clause}')
    forbid = spark(f'{SPARK} @id("f") forbid {clause}')

    assert permit.decide_tool(BOB, "spark.read", "read_log") == Decision(True, ("p",))
    assert forbid.decide_tool(ALICE, "spark.read", "read_log") == Decision(False, ("f",))


def test_a_tool_is_held_to_its_own_channels_and_else_to_its_servers() -> None:
    policy = spark(IN_CHANNEL)

    def open_to(tool: str) -> list[str]:
        asked = ("", "ads", "eng", "random")
        callers = (replace(ALICE, channel=channel) for channel in asked)
        return [c.channel for c in callers if policy.decide_tool(c, "spark.read", tool).allowed]

    assert open_to("read_log") == ["eng"]
    assert open_to("get_overview") == ["ads", "eng"]


def test_a_tool_in_a_channel_that_its_server_is_not_in_is_refused() -> None:
    with pytest.raises(ValueError, match="read_log is in a channel that spark is not in"):
        Policy.load("", server="spark", actions=[], channels=["eng"], tools={"read_log": ["ads"]})


def test_an_object_is_covered_by_in_server_but_not_by_equals_server() -> None:
    equal = spark(SPARK.replace("in Server", "== Server"))

    assert spark().permits(ALICE, "spark.read", ROOT)
    assert not equal.permits(ALICE, "spark.read", ROOT)


def test_an_object_is_filtered_by_its_attributes() -> None:
    policy = spark(
        """@id("gold") permit (principal, action, resource is LogRoot)
        when { resource.tags.contains("gold") && resource.open && resource.owner == "etl" };"""
    )
    closed = replace(ROOT, attributes={**ROOT.attributes, "open": False})

    assert policy.permits(BOB, "spark.read", ROOT)
    assert not policy.permits(BOB, "spark.read", closed)


def test_a_service_is_permitted_by_its_spiffe_id_and_by_no_group() -> None:
    agent = "spiffe://prod.example/agent"
    named = f'@id("agent") permit (principal == Service::"{agent}", action, resource);'
    service = Caller(subject="", groups=frozenset({"data-eng"}), workload=agent)

    assert spark(named).decide(service, "spark.read").policies == ("agent",)
    assert not spark().decide(service, "spark.read").allowed
    assert not spark(named).decide(replace(ALICE, workload=agent), "spark.read").allowed


def test_nobody_is_permitted_nothing_even_by_a_permit_for_all() -> None:
    heard: list[str] = []
    policy = spark('@id("all") permit (principal, action, resource);', heard)

    assert policy.decide(Caller(subject=""), "spark.list") == Decision(False)
    assert heard == []


def test_a_forbid_that_errs_denies_and_raises_the_alarm() -> None:
    heard: list[str] = []
    policy = spark(SPARK + TOO_BIG, heard)
    huge = replace(ROOT, attributes={**ROOT.attributes, "size": 2**62})

    decisions = [policy.decide(ALICE, "spark.read", huge) for _ in range(3)]

    assert [decision.allowed for decision in decisions] == [False] * 3
    assert "too-big" in decisions[0].errors[0]
    assert "overflow" in heard[0]
    assert policy.alarms == len(heard) == 3
    assert policy.permits(ALICE, "spark.read", ROOT)


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"owner": "etl"}, "lacks open, size, tags"),
        ({**ROOT.attributes, "extra": "x"}, "no attribute extra"),
        ({**ROOT.attributes, "size": True}, "size is not a Long"),
        ({**ROOT.attributes, "open": 1}, "open is not a Bool"),
        ({**ROOT.attributes, "size": 2**63}, "size is not a Long"),
        ({**ROOT.attributes, "tags": ({"__entity": {"type": "Group", "id": "x"}},)}, "tags is not"),
        ({**ROOT.attributes, "channels": ("ads",)}, "no attribute channels"),
        ({**ROOT.attributes, "owner": "\ud800"}, "cannot be read"),
    ],
)
def test_an_object_unlike_its_declaration_is_denied_with_an_alarm(
    attributes: dict[str, bool | int | str | tuple[str, ...]], reason: str
) -> None:
    heard: list[str] = []
    decision = spark(heard=heard).decide(ALICE, "spark.read", replace(ROOT, attributes=attributes))

    assert not decision.allowed
    assert reason in decision.errors[0]
    assert len(heard) == 1


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("spark.drop", None),
        ("", None),
        ('spark.read"] || true', None),
        ("SPARK.READ", None),
        ("spark.read", Entity("Tool", "spark/nothing")),
        ("spark.read", Entity("Tool", "read_log")),
        ("spark.read", Entity("Tool", "spark/read_log", {"channels": ("random",)})),
        ("spark.read", Entity("Server", "presto")),
        ("spark.read", Entity("Group", "data-eng")),
    ],
)
def test_an_unknown_action_or_resource_is_denied_with_an_error(
    action: str, resource: Entity | None
) -> None:
    heard: list[str] = []
    decision = spark(heard=heard).decide(ALICE, action, resource)

    assert not decision.allowed
    assert decision.errors
    assert len(heard) == 1


def test_every_condition_on_the_context_holds_for_a_caller_who_has_none_of_it() -> None:
    policy = spark(
        """@id("plain") permit (principal, action, resource)
        when { context.channel == "" && context.surface == "" && context.workload == "" };"""
    )

    assert policy.decide(ALICE, "spark.read") == Decision(True, ("plain",))


HOSTILE = [
    'data-eng"',
    'x" || true',
    'x", principal in Group::"data-eng',
    "back\\slash",
    "two\nlines",
    "größe·数据\U0001f525",
    "nul\0byte",
    "long" * 5_000,
    "Data-Eng",
    " data-eng",
    '{"__entity":{"type":"Group","id":"data-eng"}}',
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_only_a_name(name: str) -> None:
    policy = spark(SPARK + IN_CHANNEL)
    claims = [
        member(name),
        replace(BOB, channel=name, surface=name, workload=name),
        Caller(subject="", workload=name),
    ]

    assert [policy.decide(caller, "spark.read") for caller in claims] == [Decision(False)] * 3


@pytest.mark.parametrize("name", [name for name in HOSTILE if "\0" not in name])
def test_a_strange_group_that_a_policy_names_is_permitted_and_no_other(name: str) -> None:
    policy = spark(f'@id("odd") permit (principal in Group::{quoted(name)}, action, resource);')

    assert policy.decide(member(name), "spark.read") == Decision(True, ("odd",))
    assert not policy.decide(member(name + "x"), "spark.read").allowed
    assert (
        not policy.decide(member(name.swapcase()), "spark.read").allowed or name == name.swapcase()
    )


def test_a_thousand_groups_decide_as_the_one_that_matters() -> None:
    many = frozenset(f"group-{number}" for number in range(1_000))
    policy = spark()

    assert not policy.decide(replace(BOB, groups=many), "spark.read").allowed
    assert policy.decide(replace(BOB, groups=many | {"data-eng"}), "spark.read").allowed


def test_a_policy_of_a_thousand_groups_decides() -> None:
    text = "".join(
        f'@id("{number}") permit (principal in Group::"g{number}", action, resource);\n'
        for number in range(1_000)
    )
    every = frozenset(f"g{number}" for number in range(1_000))

    decision = spark(text).decide(replace(BOB, groups=every), "spark.read")

    assert decision.allowed
    assert len(decision.policies) == 1_000


def test_claims_that_are_not_unicode_are_denied_with_an_alarm() -> None:
    heard: list[str] = []
    policy = spark(heard=heard)
    bad = [replace(ALICE, channel="\ud800"), Caller(subject="", workload="\udfff")]

    assert all(policy.decide(caller, "spark.read").errors for caller in bad)
    assert len(heard) == 2


def test_the_version_follows_text_and_vocabulary() -> None:
    other = Policy.load(SPARK, server="spark", actions=["spark.read", "spark.write"])

    assert spark().version == spark().version
    assert len({spark().version, spark(SPARK + "\n").version, other.version}) == 3


def test_cached_decisions_never_pass_between_callers() -> None:
    policy = spark(
        SPARK.replace("\n);", '\n) when { context.channel == "eng" && context.surface == "web" };')
        + '@id("bot") permit (principal == Service::"spiffe://a/bot", action, resource);'
    )
    good = replace(ALICE, channel="eng", surface="web")
    others: Iterable[Caller] = [
        replace(good, groups=frozenset({"ads"})),
        replace(good, groups=frozenset()),
        replace(good, channel="ads"),
        replace(good, channel="web", surface="eng"),
        replace(good, surface=""),
        replace(good, workload="spiffe://a/bot", channel=""),
        Caller(subject="", workload="spiffe://a/other"),
    ]

    for _ in range(2):
        assert policy.decide(good, "spark.read").allowed
        assert policy.decide(Caller(subject="", workload="spiffe://a/bot"), "spark.read").allowed
        assert not any(policy.decide(caller, "spark.read").allowed for caller in others)
