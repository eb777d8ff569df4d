"""Queries that go on without their call: kept whole, ended in the engine, honest about faults."""

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from fake_coordinator import FakeCoordinator, Script, Turn

from dragoman.elicitation.proposal import Person
from dragoman.testing import caller, connected
from dragoman_presto.engine.connect import Engine
from dragoman_presto.engine.headers import Identity
from dragoman_presto.engine.statement import Limits
from dragoman_presto.results.handle import Handles
from dragoman_presto.results.keeper import IN_MEMORY_BYTES, Keeper, Query
from dragoman_presto.results.store import ResultStore
from dragoman_presto.server import server

pytestmark = pytest.mark.anyio

Fake = Callable[..., FakeCoordinator]
Connect = Callable[..., Engine]
OWNER = Person("https://idp.test", "alice")


def keeper(folder: Path) -> Keeper:
    return Keeper(ResultStore(str(folder)), Handles(b"k" * 32), 3_600.0)


async def ended(query: Query) -> None:
    with anyio.fail_after(20):
        while query.end is None:
            await query.news()


async def until(there: Callable[[], object]) -> None:
    with anyio.fail_after(20):
        while not there():  # noqa: ASYNC110  # the fake answers in a thread of its own
            await anyio.sleep(0.01)


def long_rows(first: int, count: int) -> list[list[Any]]:
    return [[number, "x" * 1_000] for number in range(first, first + count)]


async def test_a_large_result_is_stored_once_and_its_first_rows_stay_at_hand(
    fake: Fake, engine: Connect, alice: Identity, tmp_path: Path
) -> None:
    turns = [Turn(long_rows(0, 300)), Turn(long_rows(300, 400)), Turn(long_rows(700, 50))]
    columns = [("n", "bigint"), ("text", "varchar")]
    coordinator = fake(Script(turns, columns))
    async with keeper(tmp_path).running() as kept:
        query = kept.start(engine(coordinator.url), "q", alice, Limits(), OWNER)
        await ended(query)
        found = kept.store.look(query.id)
        assert found is not None
        stored = kept.store.rows(query.id, found, 0, 10_000)

    assert [row[0] for row in stored] == list(range(750))
    assert [row[0] for row in query.memory] == list(range(len(query.memory)))
    assert 300 < len(query.memory) <= IN_MEMORY_BYTES // 1_000 + 1
    assert found.end is not None
    assert (found.end.state, found.end.rows) == ("finished", 750)


async def test_a_small_result_touches_the_store_only_when_its_handle_is_given_away(
    fake: Fake, engine: Connect, alice: Identity, tmp_path: Path
) -> None:
    coordinator = fake(Script([Turn([[1], [2]])]))
    async with keeper(tmp_path).running() as kept:
        query = kept.start(engine(coordinator.url), "q", alice, Limits(), OWNER)
        await ended(query)
        before = kept.store.look(query.id)
        handle = await kept.give_away(query)
        found = kept.store.look(kept.handles.open(handle, OWNER))

    assert before is None
    assert found is not None
    assert (found.rows, found.end and found.end.state) == (2, "finished")


async def test_stopping_the_server_ends_every_query_in_the_engine_and_says_so(
    fake: Fake, engine: Connect, alice: Identity, tmp_path: Path
) -> None:
    coordinator = fake(Script([Turn([[1]])], forever=Turn()))
    async with keeper(tmp_path).running() as kept:
        query = kept.start(engine(coordinator.url), "q", alice, Limits(), OWNER)
        while query.rows == 0:
            await query.news()
        await kept.give_away(query)

    assert coordinator.ended == [query.query_id]
    found = kept.store.look(query.id)
    assert found is not None
    assert found.end is not None
    assert (found.end.state, found.end.rows) == ("cancelled", 1)


async def test_a_store_that_is_full_ends_the_query_in_the_engine_and_is_told(
    fake: Fake,
    engine: Connect,
    alice: Identity,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left")

    monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.mv", full)
    columns = [("n", "bigint"), ("text", "varchar")]
    coordinator = fake(Script([Turn(long_rows(0, 600))], columns, forever=Turn()))
    async with keeper(tmp_path).running() as kept:
        query = kept.start(engine(coordinator.url), "q", alice, Limits(), OWNER)
        await ended(query)

    assert query.end is not None
    assert query.end.state == "failed"
    assert "it is full" in str(query.failure)
    assert coordinator.ended == [query.query_id]


async def test_a_call_that_is_given_up_leaves_no_query_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(forever=Turn(state="QUEUED"))
    explained = Script([Turn([[json.dumps({"name": "Output"})]])], [("plan", "varchar")])
    reads = Script([Turn([["{}"]])], [("plan", "varchar")])
    answers = {
        "SELECT 1": script,
        "EXPLAIN (FORMAT JSON)\nSELECT 1": explained,
        "EXPLAIN (TYPE IO, FORMAT JSON)\nSELECT 1": reads,
    }
    with FakeCoordinator(answers, takes_minted=True) as coordinator:
        named = [{"name": "fake", "url": coordinator.url}]
        monkeypatch.setenv("DRAGOMAN_PRESTO_COORDINATORS", json.dumps(named))
        monkeypatch.setenv("DRAGOMAN_STATE", str(tmp_path))
        alice = caller("alice", "data-eng", server="presto")
        async with connected(server, alice, state=tmp_path) as here:
            async with anyio.create_task_group() as group:
                group.start_soon(here.call, "run_query", {"sql": "SELECT 1"})
                await until(lambda: coordinator.ids("SELECT 1"))
                group.cancel_scope.cancel()
            await until(lambda: coordinator.ended)

    assert len(coordinator.ended) == 1
