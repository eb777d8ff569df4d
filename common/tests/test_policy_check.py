import pytest

from dragoman.auth.policy import Policy, PolicyInvalid
from dragoman.auth.policy_check import Finding, Severity, check

GOOD = '@id("good") permit (principal in Group::"a;b", action, resource); // ends; here\n'


def findings(text: str) -> list[Finding]:
    return check(
        text,
        server="spark",
        actions=["spark.read"],
        channels=["eng"],
        tools={"read_log": []},
    )


def errors(text: str) -> list[Finding]:
    return [finding for finding in findings(text) if finding.severity is Severity.ERROR]


@pytest.mark.parametrize(
    "scope",
    [
        'principal == User::"alice", action, resource',
        'principal in User::"alice", action, resource',
    ],
)
def test_a_policy_that_names_a_single_user_is_refused(scope: str) -> None:
    (found,) = errors(f'{GOOD}\n\n@id("alice")\npermit ({scope});')

    assert (found.line, found.policy) == (4, "alice")
    assert 'names a single user, User::"alice"' in found.text


@pytest.mark.parametrize(
    "condition",
    ['principal == User::"al"', '[User::"al"].contains(principal)', 'principal != User::"al"'],
)
def test_a_condition_that_names_a_single_user_is_refused(condition: str) -> None:
    found = errors(
        f'{GOOD}@id("al") forbid (principal, action, resource) unless {{ {condition} }};'
    )

    assert any("names a single user" in each.text for each in found)


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ('permit (principal, action, resource) when { context.chanel == "a" };', "chanel"),
        ("permit (principal, action, resource) when { context.channel > 1 };", "Long"),
        ('forbid (principal, action == Action::"spark.raed", resource);', "spark.raed"),
        (
            'forbid (principal, action in [Action::"spark.read", Action::"spark.lst"], resource);',
            "spark.lst",
        ),
        ('forbid (principal, action, resource == Server::"spork");', "another server"),
        ('forbid (principal, action, resource == Tool::"spark/read_lgo");', "unknown tool"),
        ("forbid (principal, action, resource is Lake);", "Lake"),
        ("permit (principal == ?principal, action, resource);", "template"),
        ("permit (principal, action, resource) when { foo };", "invalid variable: foo"),
        ("permit (principal, action, resource", "unexpected end of input"),
        ("alow (principal, action, resource);", "alow"),
    ],
)
def test_an_invalid_policy_is_refused_with_line_and_reason(policy: str, reason: str) -> None:
    found = errors(f'{GOOD}\n// a comment; with "quotes\n\n@id("bad") {policy}')

    assert [each.line for each in found if reason in each.text][:1] == [5]


def test_a_policy_without_a_name_or_with_a_taken_one_is_refused() -> None:
    found = errors(f"{GOOD}permit (principal, action, resource);\n{GOOD}")

    assert [(each.line, each.policy) for each in found] == [(2, ""), (3, "good")]


@pytest.mark.parametrize(
    "condition",
    [
        "!(" * 100_000 + "true" + ")" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        "if true then " * 10_000 + "true" + " else true" * 10_000,
        "context" + ".a" * 100_000,
        "true" + " && true" * 10_000,
        "1" + "+1" * 10_000 + " > 0",
        "true //\r" + "&& true" * 10_000,
        '"' + "!(" * 10_000,
        "!(" * 150 + "true" + ")" * 150,
    ],
    ids=range(9),
)
def test_a_policy_nested_beyond_reason_is_refused_and_does_not_end_the_process(
    condition: str,
) -> None:
    assert errors(f'@id("deep") permit (principal, action, resource) when {{ {condition} }};')


def test_invalid_policies_do_not_load() -> None:
    with pytest.raises(PolicyInvalid, match=r"line 2 \(x\): error: names another server"):
        Policy.load(
            '\n@id("x") permit (principal, action, resource == Server::"other");',
            server="spark",
            actions=[],
        )


def test_a_permit_blind_to_channels_is_a_warning_where_channels_are_limited() -> None:
    (found,) = findings(GOOD)

    assert found.severity is Severity.WARNING
    assert "every channel" in found.text


def test_no_policies_are_valid_and_permit_nothing() -> None:
    assert findings("// nothing yet;") == []
