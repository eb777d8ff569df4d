"""What a change of policies gives and takes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

from dragoman.auth.caller import Caller
from dragoman.auth.policy import Policy
from dragoman.auth.policy_words import channels, compared


@dataclass(frozen=True, slots=True)
class Row:
    """What a group, a service or a given caller gains or loses.

    `who` is `any person`, `group X`, `service X` or a given caller's name. `channel`,
    `surface` and `workload` are empty where the request carries none.
    """

    change: Literal["gains", "loses"]
    who: str
    action: str
    resource: str
    channel: str
    surface: str
    workload: str


def diff(
    old: Policy, new: Policy, *, callers: Iterable[Caller] = (), actions: Iterable[str] = ()
) -> list[Row]:
    """Who gains and who loses what, over every value that either policy tells apart.

    Each group is tried alone: give people of several as `callers`. Resources are the server,
    every tool that has channels of its own, is named, new or gone, and one of the others.
    Without `actions`, all that either knows. A decision that errs counts as a no.
    """
    chosen = sorted(set(actions) or old.vocabulary.actions | new.vocabulary.actions)
    new_or_gone = old.vocabulary.tools.keys() ^ new.vocabulary.tools.keys()
    resources = sorted(_resources(old) | _resources(new) | new_or_gone)
    rows: list[Row] = []
    for (who, caller), action, tool in product(_people(old, new, list(callers)), chosen, resources):
        before, after = (_may(policy, caller, action, tool) for policy in (old, new))
        if before != after:
            place = (caller.channel, caller.surface, caller.workload)
            resource = tool or new.vocabulary.server
            rows.append(Row("gains" if after else "loses", who, action, resource, *place))
    return rows


def _people(old: Policy, new: Policy, given: list[Caller]) -> Iterator[tuple[str, Caller]]:
    groups = sorted(old.groups | new.groups)
    people = [("any person", Caller("anybody"))]
    people += [(f"group {group}", Caller("anybody", frozenset({group}))) for group in groups]
    people += [(each.name, each) for each in given if each.subject]
    alone = {each.workload for each in given if not each.subject}
    services = sorted(_named(old, "Service") | _named(new, "Service") | alone)
    workloads = sorted(_either(old, new, "workload"))
    places = product(
        sorted(channels(old) | channels(new) | {""}), sorted(_either(old, new, "surface"))
    )
    for channel, surface in places:
        here = Caller("", channel=channel, surface=surface)
        for service in services:
            yield f"service {service}", replace(here, workload=service)
        for (who, caller), workload in product(people, workloads):
            yield (
                who,
                replace(here, subject=caller.subject, groups=caller.groups, workload=workload),
            )


def _either(old: Policy, new: Policy, attribute: str) -> frozenset[str]:
    return compared(old, attribute).union(compared(new, attribute), {""})


def _resources(policy: Policy) -> frozenset[str]:
    """The server, as an empty name, and every tool that can be decided differently."""
    server = policy.vocabulary.server
    tools = policy.vocabulary.tools
    named = {name.removeprefix(f"{server}/") for name in _named(policy, "Tool")}
    limited = {tool for tool, limits in tools.items() if limits}
    rest = sorted(tools.keys() - named - limited)
    return frozenset({"", *named, *limited, *rest[:1]})


def _named(policy: Policy, kind: str) -> frozenset[str]:
    uids = (uid for each in policy.statements for uid in each.uids)
    return frozenset(uid.id for uid in uids if str(uid.type) == kind)


def _may(policy: Policy, caller: Caller, action: str, tool: str) -> bool:
    words = policy.vocabulary
    if action not in words.actions or (tool and tool not in words.tools):
        return False
    if not tool:
        return policy.decide(caller, action).allowed
    return policy.decide_tool(caller, action, tool).allowed
