"""CPU time of one decision about a tool: 40 policies, 12 tools, a caller of 50 groups.

`cold_us` is a request never seen before, by a caller whose set of groups was; `first_us` is the
first request of a set of groups.
"""

import time
from collections.abc import Callable, Iterator
from itertools import combinations, count
from statistics import median

from report import report

from dragoman.auth.caller import Caller
from dragoman.auth.policy import Policy

ROUNDS = 7
COLD = 1_000
CACHED = 50_000


def policies() -> str:
    return "\n".join(
        f"""@id("team-{team}")
        permit (
            principal in Group::"team-{team}",
            action in [Action::"presto.connect", Action::"presto.list", {actions(team)}],
            resource == Server::"presto"
        ) when {{ resource.channels.isEmpty() || resource.channels.contains(context.channel) }};"""
        if team % 8
        else f"""@id("freeze-{team}")
        forbid (principal, action == Action::"presto.write", resource)
        when {{ context.channel == "incident-{team}" }};"""
        for team in range(40)
    )


def actions(team: int) -> str:
    return ", ".join(
        f'Action::"presto.{name}"' for name in ("query", "export", "write")[: team % 4]
    )


def load() -> Policy:
    return Policy.load(
        policies(),
        server="presto",
        actions=["presto.query", "presto.export", "presto.write"],
        channels=["ads", "eng"],
        tools={f"tool_{number}": ["eng"] if number % 2 else [] for number in range(12)},
    )


def caller(channel: str, teams: tuple[int, ...] = (3, 7)) -> Caller:
    others = {f"other-{number}" for number in range(48)}
    groups = frozenset(others | {f"team-{team}" for team in teams})
    return Caller(subject="alice", groups=groups, channel=channel, surface="web")


def cpu_us(decide: Callable[[Caller], None], callers: Iterator[Caller], times: int) -> float:
    chosen = [next(callers) for _ in range(times)]
    started = time.process_time()
    for each in chosen:
        decide(each)
    return (time.process_time() - started) / times * 1e6


def main() -> None:
    policy = load()

    def decide(who: Caller) -> None:
        policy.decide_tool(who, "presto.query", "tool_2")

    assert policy.decide_tool(caller("eng"), "presto.query", "tool_2").allowed
    # A channel never seen before is a decision never made before.
    unseen = (caller(f"channel-{number}") for number in count())
    strangers = (caller("eng", teams) for teams in combinations(range(40), 4))
    same = (caller("eng") for _ in count())
    cold = median(cpu_us(decide, unseen, COLD) for _ in range(ROUNDS))
    first = median(cpu_us(decide, strangers, COLD) for _ in range(ROUNDS))
    cached = median(cpu_us(decide, same, CACHED) for _ in range(ROUNDS))
    report(
        "policy_decision",
        "cedarpy",
        cached_us=round(cached, 2),
        cold_us=round(cold, 1),
        first_us=round(first, 1),
    )


if __name__ == "__main__":
    main()
