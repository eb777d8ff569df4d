"""Who a query runs as, and what is refused on the way into a header."""

from collections.abc import Callable

import pytest
from fake_coordinator import FakeCoordinator, Script, Turn, failure
from pydantic import ValidationError

from dragoman_presto.engine.connect import Engine
from dragoman_presto.engine.errors import BadHeader
from dragoman_presto.engine.headers import Identity
from dragoman_presto.engine.principal import Reach, impersonation_problem, reach
from dragoman_presto.engine.statement import Limits
from dragoman_presto.settings import Coordinator, PrestoSettings

pytestmark = pytest.mark.anyio

Fake = Callable[..., FakeCoordinator]
Connect = Callable[..., Engine]

ONE = Script([Turn([[1]])])


async def test_a_query_runs_as_its_person_with_source_tags_and_trace(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(ONE)

    await engine(coordinator.url, catalog="tpch", default_schema="tiny").rows("q", alice)

    sent = coordinator.of("PUT", "q")[0].headers
    assert sent["X-Presto-User"] == "alice"
    assert sent["X-Presto-Source"] == "mcp-presto"
    assert sent["X-Presto-Client-Tags"] == "tool:run_query,group:ads"
    assert sent["X-Presto-Trace-Token"] == "trace-1"
    assert (sent["X-Presto-Catalog"], sent["X-Presto-Schema"]) == ("tpch", "tiny")


async def test_polls_and_ends_carry_the_same_identity(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(Script([Turn([[1]])], forever=Turn([[1]])))

    await engine(coordinator.url).rows("q", alice, Limits(rows=3))

    assert {each.headers["X-Presto-User"] for each in coordinator.seen} == {"alice"}
    assert len(coordinator.of("DELETE")) == 1


async def test_with_a_service_user_the_person_stands_in_a_tag(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(ONE)

    await engine(coordinator.url, user_mode="service", service_user="svc").rows("q", alice)

    sent = coordinator.of("PUT", "q")[0].headers
    assert sent["X-Presto-User"] == "svc"
    assert "user:alice" in sent["X-Presto-Client-Tags"].split(",")


@pytest.mark.parametrize(
    "user", ["", " alice", "alice ", "a\r\nX-Presto-User: root", "a\nb", "a,b", "ålice", "a\x00b"]
)
async def test_a_user_that_would_change_on_the_way_is_refused(
    fake: Fake, engine: Connect, user: str
) -> None:
    coordinator = fake(ONE)

    with pytest.raises(BadHeader, match="user"):
        await engine(coordinator.url).rows("q", Identity(user))

    assert coordinator.seen == []


@pytest.mark.parametrize("tag", ["a,b", "a\nb", ""])
async def test_a_tag_that_would_be_two_is_refused(fake: Fake, engine: Connect, tag: str) -> None:
    coordinator = fake(ONE)

    with pytest.raises(BadHeader, match="tag"):
        await engine(coordinator.url).rows("q", Identity("alice", (tag,)))


async def test_limits_are_sent_as_properties_that_the_coordinator_knows_and_no_others(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(ONE)

    await engine(coordinator.url).rows("q", alice, Limits(seconds=20, scan_bytes=1_000_000))

    sent = coordinator.of("PUT", "q")[0].headers["X-Presto-Session"]
    assert sorted(sent.split(",")) == [
        "query_max_execution_time=20.00s",
        "query_max_run_time=20.00s",
        "query_max_scan_raw_input_bytes=1000000B",
    ]


async def test_what_the_coordinator_knows_is_asked_once(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(ONE)
    connected = engine(coordinator.url)

    await connected.rows("q", alice)
    await connected.rows("q", alice)

    assert len(coordinator.of("PUT", "SHOW SESSION")) == 1


async def test_a_secret_is_read_from_the_environment_and_sent_as_a_bearer(
    fake: Fake, engine: Connect, alice: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_TOKEN", "made-up")
    coordinator = fake(ONE)

    await engine(coordinator.url, auth="bearer", secret_variable="TEST_TOKEN").rows("q", alice)

    assert {each.headers["Authorization"] for each in coordinator.seen} == {"Bearer made-up"}


async def test_a_missing_secret_is_named_by_its_variable(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(ONE)

    with pytest.raises(BadHeader, match="TEST_TOKEN_UNSET"):
        await engine(coordinator.url, auth="bearer", secret_variable="TEST_TOKEN_UNSET").rows(
            "q", alice
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://x"},
        {"url": "http://u:p@x:8080"},
        {"url": "http://x:8080/path"},
        {"url": "http://x:8080", "auth": "bearer", "secret_variable": "A"},
        {"url": "https://x", "auth": "bearer"},
        {"url": "https://x", "auth": "basic", "secret_variable": "A"},
        {"url": "https://x", "user_mode": "service"},
        {"url": "https://x", "unheard_of": 1},
    ],
)
async def test_a_coordinator_that_does_not_hold_together_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Coordinator.model_validate({"name": "x", **wrong})


async def test_coordinators_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = '[{"name": "prod", "url": "https://presto.example:8443"}]'
    monkeypatch.setenv("DRAGOMAN_PRESTO_COORDINATORS", listed)

    (coordinator,) = PrestoSettings().coordinators

    assert (coordinator.host, coordinator.port, coordinator.scheme) == (
        "presto.example",
        8443,
        "https",
    )


async def test_a_coordinator_that_takes_anyone_keeps_production_from_serving(
    real_or_newer: str, engine: Connect
) -> None:
    connected = engine(real_or_newer)

    assert await reach(connected) is Reach.ANYONE
    assert "act as anyone" in await impersonation_problem(connected, production=True)
    assert await impersonation_problem(connected, production=False) == ""


async def test_a_coordinator_that_denies_a_made_up_user_is_served_from(
    fake: Fake, engine: Connect
) -> None:
    coordinator = fake(Script())
    coordinator.scripts["SELECT 1"] = Script([failure("PERMISSION_DENIED")])
    connected = engine(coordinator.url)

    assert await reach(connected) is Reach.LIMITED
    assert await impersonation_problem(connected, production=True) == ""


async def test_an_unsure_check_keeps_production_from_serving(fake: Fake, engine: Connect) -> None:
    coordinator = fake(Script())
    coordinator.scripts["SELECT 1"] = Script(submissions=[Turn(status=500, raw=b"")])

    assert "could not be asked" in await impersonation_problem(
        engine(coordinator.url, retry_seconds=0), production=True
    )
