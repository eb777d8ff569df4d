"""Random policies and callers: caches and slices never change a decision."""

import json
import os
from typing import Any

import pytest
from cedarpy import is_authorized_batch  # pyright: ignore[reportUnknownVariableType]  # bare dict
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.auth.caller import Caller
from dragoman.auth.policy import Entity, Policy

ROUNDS = 400 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 20
GROUPS = ["a", "b", 'c" || true', "größe\\n"]
CHANNELS = ["", "eng", "ads"]
ACTIONS = ["spark.connect", "spark.read", "spark.approve"]
TOOLS = {"read_log": ["eng"], "get_overview": []}
SERVICE = "spiffe://prod/agent"

principals = st.sampled_from(
    [
        "principal",
        "principal is User",
        f'principal == Service::"{SERVICE}"',
        *(f"principal in Group::{json.dumps(group, ensure_ascii=False)}" for group in GROUPS),
    ]
)
actions = st.sampled_from(
    [
        "action",
        'action in [Action::"spark.connect", Action::"spark.read"]',
        *(f'action == Action::"{action}"' for action in ACTIONS),
    ]
)
resources = st.sampled_from(
    [
        "resource",
        "resource is Tool",
        "resource is Server",
        'resource == Server::"spark"',
        'resource in Server::"spark"',
        'resource == Tool::"spark/read_log"',
        'resource in Tool::"spark/read_log"',
        'resource is Tool in Server::"spark"',
    ]
)
conditions = st.sampled_from(
    [
        "",
        "when { resource.channels.contains(context.channel) }",
        "unless { resource.channels.isEmpty() }",
        'when { context.surface == "web" }',
        'when { context.channel like "e*" && resource is Tool }',
        'unless { resource == Server::"spark" || context.workload == "" }',
        'when { resource has channels && principal in Group::"a" }',
    ]
)
clauses = st.tuples(principals, actions, resources, conditions)
callers = st.builds(
    Caller,
    subject=st.sampled_from(["", "alice", "bob"]),
    groups=st.frozensets(st.sampled_from([*GROUPS, "unnamed"]), min_size=1),
    surface=st.sampled_from(["", "web"]),
    channel=st.sampled_from([*CHANNELS, "random"]),
    workload=st.sampled_from(["", SERVICE, "spiffe://prod/other"]),
)
questions = st.tuples(callers, st.sampled_from(ACTIONS), st.sampled_from([*TOOLS, ""]))
Clause = tuple[str, str, str, str]
Question = tuple[Caller, str, str]


@st.composite
def texts(draw: st.DrawFn, effects: tuple[str, ...] = ("permit", "forbid")) -> str:
    parts = draw(st.lists(st.tuples(st.sampled_from(effects), clauses), min_size=1, max_size=6))
    return "\n".join(policy(number, *part) for number, part in enumerate(parts))


def policy(number: int, effect: str, clause: Clause) -> str:
    *scope, condition = clause
    return f'@id("p{number}") {effect} ({", ".join(scope)}) {condition};'


def load(text: str) -> Policy:
    return Policy.load(
        text, server="spark", actions=["spark.read"], channels=["ads", "eng"], tools=TOOLS
    )


def asked(policy: Policy, question: Question) -> tuple[bool, tuple[str, ...]]:
    caller, action, tool = question
    resource = Entity("Tool", f"spark/{tool}") if tool else None
    decision = policy.decide(caller, action, resource)
    assert not decision.errors
    return decision.allowed, decision.policies


def plainly(text: str, question: Question) -> tuple[bool, tuple[str, ...]]:
    """The same question put to the engine with the whole text and every group."""
    caller, action, tool = question
    if not caller.name:
        return False, ()
    channels = (TOOLS[tool] if tool else []) or ["ads", "eng"]
    server = {"type": "Server", "id": "spark"}
    own = {"type": "Tool", "id": f"spark/{tool}"}
    who = {"type": caller.kind, "id": caller.name}
    groups = [{"type": "Group", "id": group} for group in caller.groups] if caller.subject else []
    entities: list[dict[str, Any]] = [
        {"uid": server, "attrs": {"channels": channels}, "parents": []},
        {"uid": own, "attrs": {"channels": channels}, "parents": [server]},
        {"uid": who, "attrs": {}, "parents": groups},
    ]
    context = {
        "channel": caller.channel,
        "surface": caller.surface,
        "workload": caller.workload,
    }
    results = is_authorized_batch(
        [
            {
                "principal": who,
                "action": {"type": "Action", "id": action},
                "resource": resource,
                "context": context,
            }
            for resource in ([own, server] if tool else [server])
        ],
        text,
        entities,
    )
    forbids = [each for each in results if not each.allowed and each.diagnostics.reasons]
    permits = [each for each in results if each.allowed]
    names: set[str] = set()
    for each in forbids or permits:
        names.update(each.diagnostics.id_annotations_by_reason.values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]  # bare dict
    return bool(permits) and not forbids, tuple(sorted(names))


@pytest.mark.proof
@given(texts(), st.lists(questions, min_size=3, max_size=8))
@settings(deadline=None, max_examples=ROUNDS, derandomize=True)
def test_a_decision_is_the_engines_own_on_the_whole_text(
    text: str, several: list[Question]
) -> None:
    policy = load(text)

    assert [asked(policy, each) for each in several] == [plainly(text, each) for each in several]


@pytest.mark.proof
@given(texts(), st.lists(questions, min_size=3, max_size=8))
@settings(deadline=None, max_examples=ROUNDS, derandomize=True)
def test_a_cached_decision_equals_a_fresh_one(text: str, several: list[Question]) -> None:
    warm = load(text)
    first = [asked(warm, each) for each in several]

    assert [asked(warm, each) for each in reversed(several)][::-1] == first
    assert [asked(load(text), each) for each in several] == first


@pytest.mark.proof
@given(texts(effects=("permit",)), questions, st.sampled_from(GROUPS))
@settings(deadline=None, max_examples=ROUNDS, derandomize=True)
def test_a_further_group_never_takes_a_right_where_nothing_forbids(
    text: str, question: Question, group: str
) -> None:
    caller, action, tool = question
    policy = load(text)
    more = Caller(
        caller.subject,
        caller.groups | {group},
        surface=caller.surface,
        channel=caller.channel,
        workload=caller.workload,
    )

    before, _ = asked(policy, question)
    after, _ = asked(policy, (more, action, tool))

    assert after or not before


@pytest.mark.proof
@given(texts(), callers, callers, st.sampled_from(ACTIONS))
@settings(deadline=None, max_examples=ROUNDS, derandomize=True)
def test_the_person_never_matters_only_what_they_are(
    text: str, one: Caller, other: Caller, action: str
) -> None:
    policy = load(text)
    twin = Caller("carol", one.groups, one.surface, one.channel, one.workload, other.issuer)

    if one.subject:
        assert asked(policy, (one, action, "")) == asked(policy, (twin, action, ""))
