"""The page loop against presto-python-client.

The same pages of a fake coordinator in a process of its own, read to rows, ours with exact values
on top.

`first_page_before_end`: rows are there while the coordinator still holds back the next page.
"""

import multiprocessing
import statistics
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import uvloop
from report import report

from dragoman_presto.engine.connect import Engine
from dragoman_presto.engine.headers import Identity
from dragoman_presto.engine.values import exact_rows
from dragoman_presto.settings import Coordinator

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "servers/presto/tests"))

from fake_coordinator import FakeCoordinator, Script, Turn  # after the path

PAIRS, PAGES, ROWS = 9, 20, 1000
WHO = Identity("bench")
COLUMNS = [
    ("orderkey", "bigint"),
    ("status", "varchar(1)"),
    ("price", "decimal(12,2)"),
    ("ordered", "date"),
    ("weight", "double"),
    ("comment", "varchar(79)"),
]


def rows(page: int) -> list[list[Any]]:
    return [
        [
            page * ROWS + n,
            "F",
            f"{n * 37 % 10_000}.{n % 100:02}",
            f"1995-{n % 12 + 1:02}-{n % 28 + 1:02}",
            n / 7,
            f"quickly final deposits nag {n} furiously",
        ]
        for n in range(ROWS)
    ]


def serve(address: Connection) -> None:
    script = Script([Turn(rows(page)) for page in range(PAGES)], COLUMNS)
    with FakeCoordinator({"q": script}) as fake:
        address.send(fake.url)
        address.recv()


def client(url: str) -> int:
    """The plain library: its own loop, every row in one list."""
    library: Any = import_module("prestodb.client")
    session = library.ClientSession(user="bench", source="bench")
    port = int(url.rpartition(":")[2])
    request = library.PrestoRequest("127.0.0.1", port, session, redirect_handler=None)
    return len(list(library.PrestoQuery(request, "q").execute()))


async def ours(engine: Engine) -> int:
    read = 0
    async with engine.run("q", WHO) as statement:
        async for page in statement:
            read += len(exact_rows(statement.columns, page.rows))
    return read


async def cpu(call: Callable[[], Awaitable[int]]) -> float:
    started = time.process_time()
    assert await call() == PAGES * ROWS
    return time.process_time() - started


async def first_page_before_end() -> bool:
    held = threading.Event()
    with FakeCoordinator({"q": Script([Turn(rows(0)), Turn(until=held)], COLUMNS)}) as fake:
        engine = Engine(Coordinator(name="bench", url=fake.url))
        async with engine.run("q", WHO) as statement:
            async for page in statement:
                if page.rows:
                    early = not held.is_set() and not statement.finished
                    held.set()
                    return early
    return False


async def measured(url: str) -> dict[str, bool | float | int]:
    engine = Engine(Coordinator(name="bench", url=url))

    async def theirs() -> int:
        return client(url)

    await ours(engine)
    await theirs()
    pairs = [(await cpu(theirs), await cpu(lambda: ours(engine))) for _ in range(PAIRS)]
    return {
        "cpu_ratio_to_client": round(statistics.median(mine / his for his, mine in pairs), 2),
        "first_page_before_end": await first_page_before_end(),
        "client_cpu_ms": round(statistics.median(his for his, _ in pairs) * 1000, 1),
        "cpu_ms": round(statistics.median(mine for _, mine in pairs) * 1000, 1),
        "pages": PAGES,
        "rows": PAGES * ROWS,
    }


def main() -> None:
    here, there = multiprocessing.Pipe()
    serving = multiprocessing.get_context("spawn").Process(target=serve, args=(there,))
    serving.start()
    figures = uvloop.run(measured(here.recv()))
    here.send(None)
    serving.join()
    report("presto_page_loop", "presto-python-client", "requests", "msgspec", **figures)


if __name__ == "__main__":
    main()
