"""What goes wrong between us and an Airflow is named, bounded, and repeated only where safe."""

import time
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager

import pytest
from fake_airflow_http import Asked, Fake, Said, serving
from pydantic import SecretStr

from dragoman.auth.caller import Caller
from dragoman_airflow.api import Airflow
from dragoman_airflow.client import Connector
from dragoman_airflow.errors import (
    AirflowError,
    AnswerLost,
    Conflict,
    DagNotFound,
    Denied,
    InstanceNotFound,
    Invalid,
    RunNotFound,
    Unreachable,
)
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.orders import Trigger
from dragoman_airflow.settings import Account, AirflowSettings, InstanceSetting

pytestmark = pytest.mark.anyio

QUICK = AirflowSettings(connect_seconds=1.0, read_seconds=1.0, retry_seconds=3.0)
ALICE = Caller(subject="alice")


@pytest.fixture
def fake() -> Generator[Fake]:
    with serving() as fake:
        yield fake


@asynccontextmanager
async def opened(fake: Fake, settings: AirflowSettings = QUICK) -> AsyncGenerator[Airflow]:
    setting = InstanceSetting(name="prod", url=fake.url, account=Account(token=SecretStr("t0p")))
    connector = Connector(settings.model_copy(update={"instances": (setting,)}))
    try:
        yield await connector.open(setting, ALICE)
    finally:
        await connector.aclose()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_read_is_asked_again_when_the_server_was_busy(fake: Fake, status: int) -> None:
    said = iter([Said(status, {"detail": "database is locked"})])
    async with opened(fake) as airflow:
        fake.instead = lambda _: next(said, None)

        dag = await airflow.dag("orders")

    assert dag.dag_id == "orders"
    assert airflow.requests == 2


async def test_a_read_is_asked_again_when_the_connection_broke_off(fake: Fake) -> None:
    said = iter([Said(drop=True), Said(content={"dag_id": "x"}, cut=50)])
    async with opened(fake) as airflow:
        fake.instead = lambda _: next(said, None)

        dag = await airflow.dag("orders")

    assert dag.dag_id == "orders"


async def test_a_server_that_stays_broken_is_named_without_its_words(fake: Fake) -> None:
    async with opened(fake) as airflow:
        fake.instead = lambda _: Said(500, {"detail": "INSERT INTO dag_run VALUES (secret)"})

        with pytest.raises(Unreachable) as raised:
            await airflow.dag("orders")

    assert str(raised.value) == (
        "Airflow prod could not be asked to read a DAG: it answered 500. Try again in a minute."
    )
    assert airflow.requests == 4


async def test_retry_after_is_waited_for_and_never_past_the_deadline(fake: Fake) -> None:
    async with opened(fake) as airflow:
        fake.instead = lambda _: Said(429, headers={"Retry-After": "120"})

        with pytest.raises(Unreachable, match="it answered 429"):
            await airflow.dag("orders")

    assert airflow.requests == 1


async def test_nobody_listening_is_said_so() -> None:
    with serving() as fake:
        pass

    with pytest.raises(Unreachable, match="could not be asked for its version: no connection"):
        async with opened(fake):
            pass


async def test_a_server_that_never_answers_is_given_up(fake: Fake) -> None:
    settings = QUICK.model_copy(update={"read_seconds": 0.2, "retry_seconds": 0.1})
    async with opened(fake, settings) as airflow:
        fake.instead = _sleepy

        with pytest.raises(Unreachable, match="no answer in time"):
            await airflow.dag("orders")


def _sleepy(_: Asked) -> Said:
    time.sleep(0.6)
    return Said(content={})


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, Denied, "did not accept our sign-in to read a DAG"),
        (403, Denied, "may not read a DAG (403): it needs the right to read DAGs"),
        (409, Conflict, "refused to read a DAG"),
        (400, Invalid, "does not take these values to read a DAG"),
        (422, Invalid, "does not take these values to read a DAG"),
        (302, Unreachable, "a redirect, which is not followed"),
    ],
)
async def test_a_refusal_says_what_it_means_and_nothing_of_the_body(
    fake: Fake, status: int, kind: type[AirflowError], words: str
) -> None:
    async with opened(fake) as airflow:
        fake.instead = lambda _: Said(
            status, {"detail": "SELECT password"}, {"Location": "https://elsewhere.example/login"}
        )

        with pytest.raises(kind) as raised:
            await airflow.dag("orders")

    assert words in str(raised.value)
    assert "SELECT" not in str(raised.value)
    assert airflow.requests == 1


async def test_a_web_page_instead_of_json_is_a_wrong_address(fake: Fake) -> None:
    async with opened(fake) as airflow:
        fake.instead = lambda _: Said(body=b"<!doctype html><title>Sign in</title>")

        with pytest.raises(Unreachable, match="a web page instead of JSON"):
            await airflow.dags()


async def test_json_that_is_no_list_is_not_an_empty_one(fake: Fake) -> None:
    async with opened(fake) as airflow:
        fake.instead = lambda _: Said(content={"message": "hello"})

        with pytest.raises(Unreachable, match="gave no list when asked to list DAGs"):
            await airflow.dags()


async def test_a_redirect_on_the_same_host_is_followed_for_reads(fake: Fake) -> None:
    moved = Said(307, headers={"Location": "/api/v2/dags/orders/details"})
    async with opened(fake) as airflow:
        fake.instead = lambda asked: moved if asked.path.endswith("/old/details") else None

        dag = await airflow.dag("old")

    assert dag.dag_id == "orders"


async def test_what_is_missing_is_named_from_the_dag_down(fake: Fake) -> None:
    async with opened(fake) as airflow:
        with pytest.raises(DagNotFound, match="No DAG nope that you may see"):
            await airflow.run("nope", "r1")
        with pytest.raises(RunNotFound, match="DAG orders has no run r9"):
            await airflow.run("orders", "r9")
        with pytest.raises(RunNotFound, match="DAG orders has no run r9"):
            await airflow.instance("orders", "r9", "load")
        with pytest.raises(InstanceNotFound, match="no instance of task gone with map index 3"):
            await airflow.instance("orders", "r1", "gone", 3)


@pytest.mark.parametrize("odd", ["..", ".", "", "../../secret"])
async def test_an_id_cannot_lead_to_another_address(fake: Fake, odd: str) -> None:
    async with opened(fake) as airflow:
        with pytest.raises(DagNotFound):
            await airflow.dag(odd)

    assert all(path.startswith("/api/v2/") for path in fake.paths())
    assert "/api/v2/secret" not in fake.paths()


@pytest.mark.parametrize(
    "run_id", ["a/b", "a+b", "50%", "läuft 1", "a?b#c", "manual__2026-01-01T00:00:00+00:00"]
)
async def test_run_ids_arrive_as_they_are(fake: Fake, run_id: str) -> None:
    async with opened(fake) as airflow:
        fake.instead = lambda asked: (
            Said(content={"dag_id": "orders", "dag_run_id": run_id})
            if asked.path == f"/api/v2/dags/orders/dagRuns/{run_id}"
            else None
        )

        run = await airflow.run("orders", run_id)

    assert run.run_id == run_id


async def test_unknown_states_and_odd_fields_leave_the_rest_of_a_list_readable(fake: Fake) -> None:
    odd = {
        "dag_runs": [
            {"dag_id": "orders", "dag_run_id": "a", "state": "hibernating", "run_type": "moon"},
            {"dag_id": "orders", "dag_run_id": "b", "state": 7, "run_after": "yesterday"},
            {"dag_id": "orders", "dag_run_id": "c", "conf": "not json", "duration": "1.5"},
            {"dag_id": "orders", "dag_run_id": "d", "start_date": "2026-01-01T00:00:00"},
        ],
        "total_entries": 4,
    }
    async with opened(fake) as airflow:
        fake.instead = lambda _: Said(content=odd)

        runs = await airflow.runs("orders")

    assert [run.state for run in runs.items] == ["hibernating", "", "", ""]
    assert [run.run_after for run in runs.items] == [None] * 4
    assert (runs.items[2].conf, runs.items[2].duration) == ({}, 1.5)
    start = runs.items[3].start_date
    assert start is not None
    assert start.tzinfo is not None
    assert runs.complete


async def test_a_row_without_an_id_makes_the_list_incomplete_and_not_shorter(fake: Fake) -> None:
    rows = {
        "dag_runs": [{"dag_id": "orders", "dag_run_id": "a"}, {"state": "x"}],
        "total_entries": 2,
    }
    async with opened(fake) as airflow:
        fake.instead = lambda _: Said(content=rows)

        runs = await airflow.runs("orders")

    assert (runs.delivered, runs.claimed, runs.complete) == (1, 2, False)


async def test_refused_values_are_named_by_our_own_names_alone(fake: Fake) -> None:
    detail = {"detail": [{"loc": ["query", "state"], "msg": "SQL"}, {"loc": ["query", "secret"]}]}
    async with opened(fake) as airflow:
        fake.instead = lambda _: Said(422, detail)

        with pytest.raises(Invalid) as raised:
            await airflow.runs("orders", RunFilter(states=("nonsense",)))

    assert str(raised.value) == (
        "Airflow prod does not take these values to list DAG runs: look at states."
    )


async def test_a_dag_deleted_between_two_calls_is_not_found(fake: Fake) -> None:
    async with opened(fake) as airflow:
        await airflow.dag("orders")
        fake.instead = lambda asked: Said(404) if "orders" in asked.path else None

        with pytest.raises(DagNotFound):
            await airflow.runs("orders")


async def test_an_answer_larger_than_the_bound_is_given_up_and_not_kept(fake: Fake) -> None:
    settings = QUICK.model_copy(update={"read_seconds": 20.0, "retry_seconds": 0.0})
    async with opened(fake, settings) as airflow:
        fake.instead = lambda _: Said(chunks=lambda: _much(200))

        with pytest.raises(Unreachable, match="larger than 32 MiB"):
            await airflow.dags()


def _much(megabytes: int) -> Iterator[bytes]:
    for _ in range(megabytes):
        yield b" " * 1_048_576


async def test_a_change_is_never_sent_again_by_itself_and_its_loss_is_said(fake: Fake) -> None:
    async with opened(fake) as airflow:
        fake.instead = lambda asked: Said(502) if asked.method == "PATCH" else None

        with pytest.raises(AnswerLost, match="it may have been done or not"):
            await airflow.pause("orders", paused=True)

    assert fake.paths("PATCH") == ["/api/v2/dags/orders"]


class Triggered:
    """A server that makes the run, and whose answers get lost as told."""

    def __init__(self, *losses: Said) -> None:
        self.losses = list(losses)
        self.made: dict[str, object] | None = None
        self.posts = 0

    def __call__(self, asked: Asked) -> Said | None:
        if asked.method == "POST":
            self.posts += 1
            if self.made:
                return Said(409, {"detail": "UniqueViolation: INSERT INTO dag_run"})
            self.made = {"dag_id": "orders", "state": "queued", **asked.content}
            return self.losses.pop(0) if self.losses else Said(content=self.made)
        if asked.path.endswith("/dagRuns/key-1"):
            return Said(content=self.made) if self.made else Said(404)
        return None


@pytest.mark.parametrize("loss", [Said(drop=True), Said(500), Said(502)])
async def test_a_lost_answer_to_a_trigger_finds_the_one_run_that_was_made(
    fake: Fake, loss: Said
) -> None:
    server = Triggered(loss)
    async with opened(fake) as airflow:
        fake.instead = server

        run = await airflow.trigger(
            "orders", Trigger(run_id="key-1", conf={"a": 1}, note="by alice")
        )

    assert (run.run_id, run.conf, run.note) == ("key-1", {"a": 1}, "by alice")
    assert server.posts == 2


async def test_a_lost_trigger_is_not_taken_for_somebody_elses_run(fake: Fake) -> None:
    server = Triggered()
    server.made = {"dag_id": "orders", "dag_run_id": "key-1", "state": "running", "note": "bob"}
    lost = iter([Said(drop=True)])
    async with opened(fake) as airflow:
        fake.instead = lambda asked: (
            next(lost, None) or server(asked) if asked.method == "POST" else server(asked)
        )

        with pytest.raises(Conflict, match="exists already and is running; nothing was made"):
            await airflow.trigger("orders", Trigger(run_id="key-1", note="by alice"))


async def test_a_run_id_that_exists_is_said_in_words(fake: Fake) -> None:
    server = Triggered()
    async with opened(fake) as airflow:
        fake.instead = server
        await airflow.trigger("orders", Trigger(run_id="key-1"))

        with pytest.raises(Conflict) as raised:
            await airflow.trigger("orders", Trigger(run_id="key-1"))

    assert str(raised.value) == (
        "Run key-1 of DAG orders exists already and is queued; nothing was made. "
        "watch_run follows it; another run id makes another run."
    )


@pytest.mark.parametrize("run_id", ["", "~"])
async def test_a_change_without_a_name_is_refused_before_it_is_sent(
    fake: Fake, run_id: str
) -> None:
    async with opened(fake) as airflow:
        with pytest.raises(Invalid, match="has to name one run"):
            await airflow.trigger("orders", Trigger(run_id=run_id))

    assert fake.paths("POST") == []
