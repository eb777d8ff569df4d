import pytest
from dragoman.auth.caller import Caller
from dragoman.auth.policy import Decision, Policy

SPARK = """
@id("spark-readers")
permit (
    principal in Group::"data-eng",
    action in [Action::"spark.connect", Action::"spark.list", Action::"spark.read"],
    resource in Server::"spark"
);
"""
ALICE = Caller(subject="alice", groups=frozenset({"data-eng", "everyone"}))
BOB = Caller(subject="bob", groups=frozenset({"ads"}))


def spark(text: str = SPARK) -> Policy:
    return Policy.load(
        text,
        server="spark",
        actions=["spark.read"],
        channels=["ads", "eng"],
        tools={"read_log": ["eng"], "get_overview": []},
        objects={
            "LogRoot": {"owner": "String", "size": "Long", "tags": "Set<String>", "open": "Bool"}
        },
    )


def test_a_permit_is_named_in_the_decision() -> None:
    assert spark().decide(ALICE, "spark.connect") == Decision(True, ("spark-readers",))


def test_nothing_permits_whom_no_policy_names() -> None:
    assert spark().decide(BOB, "spark.connect") == Decision(False)


@pytest.mark.parametrize("tool", ["read_log", "get_overview"])
@pytest.mark.parametrize("scope", ['in Server::"spark"', '== Server::"spark"'])
def test_a_policy_for_the_server_covers_its_tools(scope: str, tool: str) -> None:
    policy = spark(SPARK.replace('in Server::"spark"', scope))

    assert policy.decide_tool(ALICE, "spark.read", tool).allowed
    assert not policy.decide_tool(BOB, "spark.read", tool).allowed
