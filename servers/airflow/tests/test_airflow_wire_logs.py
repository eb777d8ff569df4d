"""Logs are read in pieces, of the try asked for, and let go when the reader stops."""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import psutil
import pytest
from fake_airflow_http import INSTANCE, Fake, Said, serving
from pydantic import SecretStr

from dragoman.auth.caller import Caller
from dragoman_airflow.api import Airflow
from dragoman_airflow.client import Connector
from dragoman_airflow.errors import LogNotFound, Unreachable
from dragoman_airflow.models import Instance
from dragoman_airflow.settings import Account, AirflowSettings, InstanceSetting

pytestmark = pytest.mark.anyio

LOG = "/api/v2/dags/orders/dagRuns/r1/taskInstances/load/logs/2"
FAILED = Instance(dag_id="orders", run_id="r1", task_id="load", state="failed", try_number=2)
LINES = b'{"event": "reading"}\n' * 3_000
MEBIBYTE = 1_048_576


@pytest.fixture
def fake() -> Generator[Fake]:
    with serving() as fake:
        yield fake


@asynccontextmanager
async def opened(fake: Fake, seconds: float = 20.0) -> AsyncGenerator[Airflow]:
    setting = InstanceSetting(name="prod", url=fake.url, account=Account(token=SecretStr("t")))
    connector = Connector(AirflowSettings(instances=(setting,), read_seconds=seconds))
    try:
        yield await connector.open(setting, Caller(subject="alice"))
    finally:
        await connector.aclose()


def log_of(*, chunk: bytes, times: int, end: bytes = b"") -> Said:
    def chunks() -> Iterator[bytes]:
        for _ in range(times):
            yield chunk
        yield end or b"\n"

    return Said(headers={"Content-Type": "application/x-ndjson"}, chunks=chunks)


async def test_the_log_of_a_finished_try_comes_as_lines(fake: Fake) -> None:
    fake.instead = lambda asked: log_of(chunk=LINES, times=3) if asked.path == LOG else None
    async with opened(fake) as airflow, airflow.log(FAILED, 2) as log:
        body = b"".join([chunk async for chunk in log.chunks])

    asked = next(one for one in fake.asked if one.path == LOG)
    assert log.content_type == "application/x-ndjson"
    assert body == LINES * 3 + b"\n"
    assert asked.headers["accept"] == "application/x-ndjson"
    assert asked.query["map_index"] == ["-1"]


async def test_the_log_of_a_running_try_comes_with_where_to_go_on(fake: Fake) -> None:
    running = Instance(dag_id="orders", run_id="r1", task_id="load", state="running", try_number=2)
    fake.instead = lambda asked: Said(content={"content": []}) if asked.path == LOG else None
    async with opened(fake) as airflow:
        async with airflow.log(running, 2) as log:
            assert log.content_type == "application/json"
        async with airflow.log(running, 2, token="a.b"):
            pass

    asked = [one for one in fake.asked if one.path == LOG]
    assert [one.headers["accept"] for one in asked] == ["application/json"] * 2
    assert asked[1].query["token"] == ["a.b"]


@pytest.mark.parametrize("number", [3, 0, -1])
async def test_a_try_without_a_log_names_the_tries_there_are(fake: Fake, number: int) -> None:
    async with opened(fake) as airflow:
        with pytest.raises(LogNotFound) as raised:
            async with airflow.log(FAILED, number):
                pass

    assert str(raised.value) == (
        f"Task load of run r1 has no log of try {number}. Tries there are: 1, 2. "
        "The log of another try is not shown in its place."
    )


async def test_airflow_2_is_not_asked_for_a_try_that_never_was(fake: Fake) -> None:
    base = "/api/v1/dags/orders/dagRuns/r1/taskInstances/load"
    said = {
        "/api/v2/version": Said(404),
        "/api/v1/version": Said(content={"version": "2.11.2"}),
        f"{base}/tries": Said(content={"task_instances": [INSTANCE], "total_entries": 1}),
        f"{base}/logs/2": Said(body=b"text", headers={"Content-Type": "text/plain"}),
        f"{base}/logs/7": Said(body=b"*** Could not find it, yet 200"),
    }
    fake.instead = lambda asked: said.get(asked.path)
    async with opened(fake) as airflow:
        async with airflow.log(FAILED, 2) as log:
            assert [chunk async for chunk in log.chunks] == [b"text"]
        with pytest.raises(LogNotFound, match="Tries there are: 2"):
            async with airflow.log(FAILED, 7):
                pass

    assert f"{base}/logs/7" not in fake.paths()


async def test_a_log_that_breaks_off_is_not_taken_for_its_end(fake: Fake) -> None:
    cut = Said(body=LINES, cut=10, headers={"Content-Type": "application/x-ndjson"})
    fake.instead = lambda asked: cut if asked.path == LOG else None
    async with opened(fake) as airflow:
        with pytest.raises(Unreachable, match="the connection broke off"):
            async with airflow.log(FAILED, 2) as log:
                _ = [chunk async for chunk in log.chunks]


async def test_a_reader_who_stops_lets_the_connection_go(fake: Fake) -> None:
    fake.instead = lambda asked: (
        log_of(chunk=b"x" * MEBIBYTE, times=2_000) if asked.path == LOG else None
    )
    async with opened(fake) as airflow:
        async with airflow.log(FAILED, 2) as log:
            first = await anext(log.chunks)
        seen = await _settled(fake)

        assert (await airflow.dag("orders")).dag_id == "orders"

    assert first
    assert seen < 200 * MEBIBYTE


async def _settled(fake: Fake) -> int:
    """Bytes written once writing has stopped."""
    before = -1
    while fake.written != before:
        before = fake.written
        await anyio.sleep(0.2)
    return before


async def test_a_cancelled_reader_comes_back_at_once(fake: Fake) -> None:
    stop = asyncio.Event()

    def silent() -> Iterator[bytes]:
        yield b"first\n"
        while not stop.is_set():
            time.sleep(0.05)

    said = Said(headers={"Content-Type": "application/x-ndjson"}, chunks=silent)
    fake.instead = lambda asked: said if asked.path == LOG else None
    async with opened(fake) as airflow:
        try:
            with anyio.move_on_after(1.0) as scope:
                async with airflow.log(FAILED, 2) as log:
                    _ = [chunk async for chunk in log.chunks]
        finally:
            stop.set()

    assert scope.cancelled_caught


@pytest.mark.proof
@pytest.mark.timeout(120)
async def test_a_long_log_is_never_held_in_memory(fake: Fake, rounds: int) -> None:
    size = MEBIBYTE * (1_024 if rounds > 100 else 96)
    fake.instead = lambda asked: (
        log_of(chunk=b"x" * MEBIBYTE, times=size // MEBIBYTE) if asked.path == LOG else None
    )
    process = psutil.Process()
    async with opened(fake) as airflow:
        await airflow.dag("orders")
        before, read, most = process.memory_info().rss, 0, 0
        async with airflow.log(FAILED, 2) as log:
            async for chunk in log.chunks:
                read += len(chunk)
                most = max(most, process.memory_info().rss)

    assert read == size + 1
    assert most - before < 40 * MEBIBYTE


@pytest.mark.proof
@pytest.mark.timeout(120)
async def test_with_fifty_readers_no_step_of_the_loop_takes_50_ms_of_its_cpu_time(
    fake: Fake, rounds: int
) -> None:
    rows = [{**INSTANCE, "map_index": index} for index in range(100)]
    page = {"task_instances": rows, "total_entries": 100, "next_cursor": None}
    fake.instead = lambda asked: (
        Said(content=page) if asked.path.endswith("taskInstances") else None
    )
    longest, done = 0.0, anyio.Event()

    async def beat() -> None:
        nonlocal longest
        while not done.is_set():
            before = time.thread_time()
            await anyio.lowlevel.checkpoint()
            longest = max(longest, time.thread_time() - before)
            await anyio.sleep(0.001)

    async def read(airflow: Airflow) -> None:
        for _ in range(max(1, rounds // 20)):
            assert (await airflow.instances("orders", "r1")).complete

    async with opened(fake) as airflow, anyio.create_task_group() as around:
        await airflow.instances("orders", "r1")
        around.start_soon(beat)
        async with anyio.create_task_group() as readers:
            for _ in range(50):
                readers.start_soon(read, airflow)
        done.set()

    # CPU seconds of the loop's own thread: other processes of the machine do not count.
    assert 0 < longest < 0.05
