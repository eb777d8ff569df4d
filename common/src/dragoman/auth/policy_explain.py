"""Why a decision is what it is, and what would let the caller in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, islice, product

from dragoman.auth.caller import Caller
from dragoman.auth.policy import Decision, Entity, Policy
from dragoman.auth.policy_words import channels, compared

_TRIED = 2_000


@dataclass(frozen=True, slots=True)
class Way:
    """A smallest change that turns a no into a yes, and the policies that then permit.

    None where nothing changes; a channel of "" is none.
    """

    policies: tuple[str, ...]
    group: str | None = None
    channel: str | None = None
    surface: str | None = None

    def __str__(self) -> str:
        parts = (("group", self.group), ("channel", self.channel), ("surface", self.surface))
        needs = (
            f"{name} {value}" if value else f"no {name}"
            for name, value in parts
            if value is not None
        )
        return f"needs {' and '.join(needs)} ({', '.join(self.policies)})"


@dataclass(frozen=True, slots=True)
class Explanation:
    decision: Decision
    ways: tuple[Way, ...] = ()

    def __str__(self) -> str:
        return "\n".join([_verdict(self.decision), *map(str, self.ways)])


def explain(
    policy: Policy, caller: Caller, action: str, resource: Entity | None = None
) -> Explanation:
    """The decision with the policies behind it; for a no, each smallest way to a yes.

    Single changes of group, channel or surface are tried, then pairs where no single one
    helps. Only values that the policies, the server or its tools name are tried, so there may
    be no way.
    """
    decision = policy.decide(caller, action, resource)
    if decision.allowed or decision.errors:
        return Explanation(decision)
    options = _options(policy, caller)
    for size in (1, 2):
        tried = islice(_changes(options, size), _TRIED)
        made = (
            (change, policy.decide(_changed(caller, change), action, resource)) for change in tried
        )
        ways = tuple(_way(change, then) for change, then in made if then.allowed)
        if ways:
            return Explanation(decision, ways)
    return Explanation(decision)


def _verdict(decision: Decision) -> str:
    if decision.errors:
        return f"denied by an error: {'; '.join(decision.errors)}"
    if decision.allowed:
        return f"permitted by {', '.join(decision.policies)}"
    if decision.policies:
        return f"forbidden by {', '.join(decision.policies)}"
    return "denied: no policy permits it"


def _options(policy: Policy, caller: Caller) -> dict[str, list[str]]:
    return {
        # A service has no groups to join.
        "group": sorted(policy.groups - caller.groups) if caller.subject else [],
        "channel": sorted(channels(policy).union({""}) - {caller.channel}),
        "surface": sorted(compared(policy, "surface").union({""}) - {caller.surface}),
    }


def _changes(options: Mapping[str, list[str]], size: int) -> Iterator[dict[str, str]]:
    for names in combinations(options, size):
        for values in product(*(options[name] for name in names)):
            yield dict(zip(names, values, strict=True))


def _changed(caller: Caller, change: Mapping[str, str]) -> Caller:
    joined = {change["group"]} if "group" in change else set[str]()
    return replace(
        caller,
        groups=caller.groups | joined,
        channel=change.get("channel", caller.channel),
        surface=change.get("surface", caller.surface),
    )


def _way(change: Mapping[str, str], then: Decision) -> Way:
    return Way(then.policies, change.get("group"), change.get("channel"), change.get("surface"))
