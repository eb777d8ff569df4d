from collections.abc import AsyncIterator, Mapping

import httpx2
import pytest

from dragoman.auth.caller import Caller
from dragoman.auth.issuer import DevelopmentIssuer, dev_token
from dragoman.auth.issuer_app import issuer_app
from dragoman.auth.issuers import Issuer
from dragoman.auth.jwt import Tokens
from dragoman.auth.refusal import TokenRefused

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:9000"
HERE = "http://127.0.0.1:8931/mcp"
NOW = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(clock: Clock) -> DevelopmentIssuer:
    return DevelopmentIssuer(URL, clock=clock, environment={})


@pytest.fixture
async def tokens(issuer: DevelopmentIssuer, clock: Clock) -> AsyncIterator[Tokens]:
    made = tokens_of(issuer, issuer.trusted_for(HERE), clock)
    yield made
    await made.aclose()


def tokens_of(issuer: DevelopmentIssuer, trusted: Issuer, clock: Clock) -> Tokens:
    transport = httpx2.ASGITransport(issuer_app(issuer))
    return Tokens([trusted], transport=transport, clock=clock, monotonic=clock)


def here(claims: Mapping[str, object] | None = None) -> dict[str, object]:
    return {"aud": HERE, **(claims or {})}


async def refused(tokens: Tokens, token: str) -> TokenRefused:
    with pytest.raises(TokenRefused) as caught:
        await tokens.verify(token)
    return caught.value


async def test_good_token_gives_everything_about_its_caller(
    issuer: DevelopmentIssuer, tokens: Tokens
) -> None:
    claims = {"act": {"sub": "slack"}, "channel": "C1", "scope": "spark:read spark:write"}

    caller = await tokens.verify(dev_token(issuer, here(claims)))

    assert caller == Caller(
        "alice",
        groups=frozenset({"data-eng"}),
        surface="slack",
        channel="C1",
        issuer=URL,
        scopes=frozenset({"spark:read", "spark:write"}),
        expires_at=int(NOW) + 3600,
    )


@pytest.mark.parametrize(
    ("audience", "reason"),
    [
        ("http://127.0.0.1:8932/mcp", "audience"),
        ("http://127.0.0.1:8931/mcp//", "audience"),
        ("http://127.0.0.1:8931/mcp/x", "audience"),
        ("http://127.0.0.1:8931", "audience"),
        ("HTTP://127.0.0.1:8931/MCP", "audience"),
        (["https://other.test", "spark"], "audience"),
        ([], "audience"),
        (None, "audience"),
        ("", "claim"),
        ([HERE, 7], "claim"),
        ({"aud": HERE}, "claim"),
        (True, "claim"),
    ],
)
async def test_token_for_another_server_is_refused(
    issuer: DevelopmentIssuer, tokens: Tokens, audience: object, reason: str
) -> None:
    refusal = await refused(tokens, dev_token(issuer, {"aud": audience}))

    assert refusal.reason == reason
    assert "aud" in str(refusal) or "another server" in str(refusal)


@pytest.mark.parametrize("audience", [HERE, HERE + "/", ["https://other.test", HERE]])
async def test_audience_may_be_a_list_and_end_in_a_slash(
    issuer: DevelopmentIssuer, tokens: Tokens, audience: object
) -> None:
    caller = await tokens.verify(dev_token(issuer, {"aud": audience}))

    assert caller.subject == "alice"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"exp": NOW - 30}, "expired"),
        ({"exp": NOW - 100_000}, "expired"),
        ({"nbf": NOW + 31}, "not_yet_valid"),
        ({"iat": NOW + 31}, "not_yet_valid"),
        ({"exp": None}, "claim"),
        ({"exp": "9999999999"}, "claim"),
        ({"exp": True}, "claim"),
        ({"exp": 1e300}, "claim"),
        ({"exp": -1}, "claim"),
        ({"nbf": "soon"}, "claim"),
        ({"iat": [1]}, "claim"),
    ],
)
async def test_token_outside_its_time_is_refused(
    issuer: DevelopmentIssuer, tokens: Tokens, change: dict[str, object], reason: str
) -> None:
    assert (await refused(tokens, dev_token(issuer, here(change)))).reason == reason


@pytest.mark.parametrize("change", [{"exp": NOW - 29}, {"nbf": NOW + 30}, {"iat": NOW + 30}])
async def test_clocks_may_differ_by_thirty_seconds(
    issuer: DevelopmentIssuer, tokens: Tokens, change: dict[str, object]
) -> None:
    assert (await tokens.verify(dev_token(issuer, here(change)))).subject == "alice"


@pytest.mark.parametrize(
    ("subject", "person"),
    [
        ("Alice@Example.COM", "alice@example.com"),
        ("9F1C2D3E-0000-4000-8000-00000000ABCD", "9f1c2d3e-0000-4000-8000-00000000abcd"),
        ("spiffe://mesh/ns/a/sa/b", "spiffe://mesh/ns/a/sa/b"),
        (90071992547409931234, "90071992547409931234"),
        (42, "42"),
        ("42", "42"),
        ("  alice\t", "alice"),
        ("Jos\u00c9", "jos\u00e9"),
    ],
)
async def test_person_is_the_subject_in_whatever_form(
    issuer: DevelopmentIssuer, tokens: Tokens, subject: object, person: str
) -> None:
    assert (await tokens.verify(dev_token(issuer, here({"sub": subject})))).subject == person


@pytest.mark.parametrize(
    "subject",
    [None, "", "  ", "a\nb", "a\u200bb", True, 1.5, 1e300, [], ["alice"], {"sub": "alice"}],
)
async def test_token_without_a_usable_subject_is_refused_by_the_claims_name(
    issuer: DevelopmentIssuer, tokens: Tokens, subject: object
) -> None:
    refusal = await refused(tokens, dev_token(issuer, here({"sub": subject})))

    assert refusal.reason == "claim"
    assert "sub claim" in str(refusal)


async def test_no_other_claim_stands_in_for_the_configured_one(
    issuer: DevelopmentIssuer, clock: Clock
) -> None:
    by_mail = issuer.trusted_for(HERE).model_copy(update={"subject_claim": "email"})
    tokens = tokens_of(issuer, by_mail, clock)

    person = await tokens.verify(dev_token(issuer, here({"email": "Al@x.test"})))
    refusal = await refused(tokens, dev_token(issuer, here({"preferred_username": "al"})))

    assert person.subject == "al@x.test"
    assert "email claim" in str(refusal)


@pytest.mark.parametrize(
    "change",
    [
        {"act": "slack"},
        {"act": {}},
        {"act": {"sub": ""}},
        {"act": {"sub": 7}},
        {"act": [{"sub": "slack"}]},
        {"groups": "a\nb"},
        {"groups": [["data-eng"]]},
        {"groups": {"data-eng": True}},
        {"channel": ["C1"]},
        {"channel": 7},
        {"scope": 7},
        {"scp": {"x": 1}},
    ],
)
async def test_claim_of_the_wrong_shape_is_refused_and_not_passed_over(
    issuer: DevelopmentIssuer, tokens: Tokens, change: dict[str, object]
) -> None:
    refusal = await refused(tokens, dev_token(issuer, here(change)))

    assert refusal.reason == "claim"
    assert next(iter(change)) in str(refusal)


async def test_scopes_come_from_scope_or_scp(issuer: DevelopmentIssuer, tokens: Tokens) -> None:
    text = await tokens.verify(dev_token(issuer, here({"scope": "a  b"})))
    listed = await tokens.verify(dev_token(issuer, here({"scp": ["a", "b"]})))

    assert text.scopes == listed.scopes == {"a", "b"}


async def test_one_group_may_stand_without_a_list(
    issuer: DevelopmentIssuer, tokens: Tokens
) -> None:
    assert (await tokens.verify(dev_token(issuer, here({"groups": "sales"})))).groups == {"sales"}
