"""From cancelling a task to the engine being told: 4 queries at once, each in a poll that hangs.

The engine is the fake coordinator, which notes when each DELETE comes; `DRAGOMAN_TEST_PRESTO`
names a real Presto, whose own clock then says when it ended the query (`real_p95_ms`).
"""

import asyncio
import os
import statistics
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import anyio
import uvloop
from report import report

from dragoman_presto.engine.connect import Engine
from dragoman_presto.engine.headers import Identity
from dragoman_presto.settings import Coordinator

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "servers/presto/tests"))

from fake_coordinator import FakeCoordinator, Script, Turn  # after the path

ROUNDS, AT_ONCE = 25, 4
WHO = Identity("bench")
LONG = "select count(*) from tpch.sf1000.lineitem"


async def hang(engine: Engine, sql: str, running: list[str]) -> None:
    async with engine.run(sql, WHO) as statement:
        async for page in statement:
            if page.stats.state == "RUNNING" and statement.query_id not in running:
                running.append(statement.query_id)


async def cancelled(engine: Engine, sql: str, count: int) -> tuple[float, list[str]]:
    """When `count` running queries were cancelled, in both clocks' seconds, and their ids."""
    running: list[str] = []
    moments: list[float] = []
    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(hang, engine, sql, running)
        while len(running) < count:  # noqa: ASYNC110  # each page may be the one, so look often
            await asyncio.sleep(0.01)
        moments.append(time.time())
        group.cancel_scope.cancel()
    return moments[0], running


async def on_fake() -> list[float]:
    waits: list[float] = []
    for _ in range(ROUNDS):
        held = threading.Event()
        script = Script([Turn([[1]]), Turn(until=held), Turn([[2]])])
        with FakeCoordinator({"q": script}) as fake:
            engine = Engine(Coordinator(name="bench", url=fake.url))
            moment, _ = await cancelled(engine, "q", AT_ONCE)
            told = [each.at - moment for each in fake.of("DELETE")]
            held.set()
        assert len(told) == len(set(fake.ended)) == AT_ONCE
        waits += told
    return waits


async def on_real(url: str) -> list[float]:
    engine = Engine(Coordinator(name="bench", url=url))
    waits: list[float] = []
    for _ in range(5):
        moment, running = await cancelled(engine, LONG, 2)
        for query_id in running:
            info = await engine.info(query_id, WHO)
            assert info.query_stats.end_time, f"{query_id} goes on"
            waits.append(datetime.fromisoformat(info.query_stats.end_time).timestamp() - moment)
    return waits


def p95(waits: list[float]) -> float:
    return round(statistics.quantiles(waits, n=20)[-1] * 1000, 1)


async def measured() -> dict[str, float | int | str]:
    waits = await on_fake()
    figures: dict[str, float | int | str] = {
        "p95_ms": p95(waits),
        "median_ms": round(statistics.median(waits) * 1000, 1),
        "cancelled": len(waits),
        "engine": "fake coordinator",
    }
    if real := os.environ.get("DRAGOMAN_TEST_PRESTO"):
        figures["real_p95_ms"] = p95(await on_real(real))
    return figures


def main() -> None:
    report("presto_cancel", "presto-python-client", "anyio", **uvloop.run(measured()))


if __name__ == "__main__":
    main()
