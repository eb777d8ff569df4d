"""Who asks an Airflow, proven by its account or by an exchange, and by nothing else."""

import base64
import json
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import pytest
from fake_airflow_http import Asked, Fake, Said, serving
from pydantic import SecretStr

from dragoman.auth.caller import Caller
from dragoman_airflow.client import Connector
from dragoman_airflow.client.connector import BELIEVED
from dragoman_airflow.errors import Denied, Unreachable
from dragoman_airflow.settings import Account, AirflowSettings, Exchange, InstanceSetting

pytestmark = pytest.mark.anyio

ALICE = Caller(subject="alice", issuer="https://id.example")
BOB = Caller(subject="bob", issuer="https://id.example")
BY_PASSWORD = Account(username="svc", password=SecretStr("pa55"))


@pytest.fixture
def fake() -> Generator[Fake]:
    with serving() as fake:
        yield fake


@asynccontextmanager
async def connecting(
    fake: Fake,
    account: Account | None = None,
    exchange: Exchange | None = None,
    believed: float = BELIEVED,
) -> AsyncGenerator[tuple[Connector, InstanceSetting]]:
    setting = InstanceSetting(
        name="prod", url=fake.url, account=account or Account(), exchange=exchange
    )
    told = AirflowSettings(instances=(setting,), retry_seconds=1.0)
    connector = Connector(told, believed=believed)
    try:
        yield connector, setting
    finally:
        await connector.aclose()


def token(name: str, seconds: float) -> str:
    claims = json.dumps({"sub": name, "exp": int(time.time() + seconds)}).encode()
    return f"h.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.s"


def signed(fake: Fake, path: str = "/api/v2/dags/orders/details") -> list[str]:
    return [one.headers.get("authorization", "") for one in fake.asked if one.path == path]


class Tokens:
    """An auth manager; its tokens live for `seconds`, and those in `refused` are not taken."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.given: list[str] = []
        self.refused: set[str] = set()

    def __call__(self, asked: Asked) -> Said | None:
        if asked.path == "/auth/token":
            self.given.append(token(f"svc{len(self.given)}", self.seconds))
            return Said(201, {"access_token": self.given[-1]})
        sent = asked.headers.get("authorization", "").removeprefix("Bearer ")
        return Said(401) if sent in self.refused else None


async def test_a_password_is_traded_once_for_a_token(fake: Fake) -> None:
    fake.instead = Tokens(3_600)
    async with connecting(fake, BY_PASSWORD) as (connector, setting):
        for caller in (ALICE, BOB):
            airflow = await connector.open(setting, caller)
            await airflow.dag("orders")

    (trade,) = [one for one in fake.asked if one.path == "/auth/token"]
    assert trade.content == {"username": "svc", "password": "pa55"}
    assert signed(fake) == [f"Bearer {fake.instead.given[0]}"] * 2


async def test_a_token_is_renewed_before_it_ends(fake: Fake) -> None:
    fake.instead = Tokens(30)
    async with connecting(fake, BY_PASSWORD) as (connector, setting):
        airflow = await connector.open(setting, ALICE)
        await airflow.dag("orders")
        await airflow.dag("orders")

    assert len(set(signed(fake))) == 2


async def test_a_refused_token_is_renewed_once_and_the_request_goes_through(fake: Fake) -> None:
    tokens = Tokens(3_600)
    fake.instead = tokens
    async with connecting(fake, BY_PASSWORD) as (connector, setting):
        airflow = await connector.open(setting, ALICE)
        await airflow.dag("orders")
        tokens.refused.add(tokens.given[0])

        dag = await airflow.dag("orders")

    assert dag.dag_id == "orders"
    assert len(tokens.given) == 2


async def test_an_account_that_is_refused_for_good_is_denied_after_two_tries(fake: Fake) -> None:
    async with connecting(fake, BY_PASSWORD) as (connector, setting):
        airflow = await connector.open(setting, ALICE)
        fake.instead = lambda asked: (
            Said(201, {"access_token": token("svc", 3_600)}) if "auth" in asked.path else Said(401)
        )

        with pytest.raises(Denied, match="did not accept our sign-in"):
            await airflow.dag("orders")

    assert len(signed(fake)) == 2


async def test_a_wrong_password_is_denied_in_words(fake: Fake) -> None:
    fake.instead = lambda asked: Said(401, {"detail": "x"}) if "auth" in asked.path else None
    async with connecting(fake, BY_PASSWORD) as (connector, setting):
        airflow = await connector.open(setting, ALICE)

        with pytest.raises(Denied, match="does not accept the account of the settings"):
            await airflow.dag("orders")

    assert signed(fake) == []


async def test_airflow_2_gets_name_and_password_with_each_request(fake: Fake) -> None:
    fake.instead = lambda asked: {
        "/api/v2/version": Said(404),
        "/api/v1/version": Said(content={"version": "2.11.2"}),
        "/api/v1/pools": Said(content={"pools": [], "total_entries": 0}),
    }.get(asked.path)
    async with connecting(fake, BY_PASSWORD) as (connector, setting):
        airflow = await connector.open(setting, ALICE)
        await airflow.pools()

    assert airflow.version == "2.11.2"
    assert signed(fake, "/api/v1/pools") == [f"Basic {base64.b64encode(b'svc:pa55').decode()}"]


def exchange_at(fake: Fake) -> Exchange:
    return Exchange(
        url=f"{fake.url}/exchange",
        client_id="dragoman",
        client_secret=SecretStr("s3cret"),
        audience="airflow",
    )


class Exchanging:
    """Gives each person a token of their own, except those in `unknown`."""

    def __init__(self, *unknown: str) -> None:
        self.unknown = unknown
        self.asked_for: list[str] = []

    def __call__(self, asked: Asked) -> Said | None:
        if asked.path != "/exchange":
            return None
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        person = form["requested_subject"]
        self.asked_for.append(person)
        if person in self.unknown:
            return Said(400, {"error": "invalid_target"})
        return Said(content={"access_token": f"token-of-{person}", "expires_in": 600})


async def test_each_caller_asks_in_their_own_name(fake: Fake) -> None:
    exchanging = Exchanging()
    fake.instead = exchanging
    async with connecting(fake, BY_PASSWORD, exchange_at(fake)) as (connector, setting):
        for caller in (ALICE, BOB, ALICE):
            airflow = await connector.open(setting, caller)
            await airflow.dag("orders")

    alice, bob = "Bearer token-of-alice", "Bearer token-of-bob"
    assert signed(fake) == [alice, bob, alice]
    assert exchanging.asked_for == ["alice", "bob"]


async def test_a_failed_exchange_is_never_made_good_by_the_service_account(fake: Fake) -> None:
    fake.instead = Exchanging("alice")
    async with connecting(fake, BY_PASSWORD, exchange_at(fake)) as (connector, setting):
        airflow = await connector.open(setting, ALICE)

        with pytest.raises(Denied, match="in the name of alice: the exchange said no"):
            await airflow.dag("orders")

    assert signed(fake) == []
    assert "/auth/token" not in fake.paths("POST")


async def test_a_caller_without_a_person_gets_no_exchange(fake: Fake) -> None:
    exchanging = Exchanging()
    fake.instead = exchanging
    async with connecting(fake, BY_PASSWORD, exchange_at(fake)) as (connector, setting):
        airflow = await connector.open(setting, Caller(subject="", workload="spiffe://x/y"))

        with pytest.raises(Denied, match="it takes a person"):
            await airflow.dag("orders")

    assert exchanging.asked_for == []


async def test_the_same_name_of_two_issuers_is_two_people(fake: Fake) -> None:
    exchanging = Exchanging()
    fake.instead = exchanging
    async with connecting(fake, None, exchange_at(fake)) as (connector, setting):
        for issuer in ("https://one.example", "https://two.example"):
            airflow = await connector.open(setting, Caller(subject="alice", issuer=issuer))
            await airflow.dag("orders")

    assert exchanging.asked_for == ["alice", "alice"]


async def test_after_an_upgrade_the_new_version_is_found(fake: Fake) -> None:
    old = {
        "/api/v2/version": Said(404),
        "/api/v1/version": Said(content={"version": "2.10.5"}),
        "/api/v1/pools": Said(content={"pools": [], "total_entries": 0}),
    }
    fake.instead = lambda asked: old.get(asked.path)
    async with connecting(fake, believed=0.0) as (connector, setting):
        before = await connector.open(setting, ALICE)
        await before.pools()
        old.clear()

        with pytest.raises(Unreachable, match=r"is version 3\.3\.2 now"):
            await before.pools()
        after = await connector.open(setting, ALICE)

        assert (await after.pools()).complete
    assert after.version == "3.3.2"


async def test_a_missing_dag_does_not_ask_for_the_version_again(fake: Fake) -> None:
    async with connecting(fake) as (connector, setting):
        airflow = await connector.open(setting, ALICE)
        with pytest.raises(Exception, match="No DAG nope"):
            await airflow.dag("nope")

        assert fake.paths().count("/api/v2/version") == 1


async def test_the_problem_names_each_airflow_that_does_not_answer(fake: Fake) -> None:
    with serving() as gone:
        pass
    settings = AirflowSettings(
        instances=(
            InstanceSetting(name="good", url=fake.url),
            InstanceSetting(name="bad", url=gone.url),
        ),
        connect_seconds=1.0,
    )
    connector = Connector(settings)

    problem = await connector.problem()

    await connector.aclose()
    assert problem.startswith("Airflow bad could not be asked for its version: no connection")
    assert "good" not in problem
