"""One governed call against the bare SDK: authentication, policy, audit with fsync, metrics.

Measured with 16 calls in flight, for both. One at a time the process sleeps in every call until
the disk has synced, and waking up costs as much CPU as the work: `alone_ms` shows it, and
`sdk_alone_ms` the bare SDK with a sleep of the same length after each call.
"""

import asyncio
import socket
import statistics
import tempfile
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import uvicorn
import uvloop
from asgi_driver import Asgi, call_body, cpu_of, headers, post
from echo_server import bare, governed
from report import report

from dragoman.telemetry.verify import verify

ROUNDS, CALLS, AT_ONCE = 9, 160, 16
SYNC_SECONDS = 0.004
BODY = call_body("echo", {"text": "hello"})


async def measured(state: Path) -> dict[str, float | bool]:
    """Pair by pair in one run; the journal is read back to prove that each call is in it."""
    async with AsyncExitStack() as stack:
        plain: Asgi = await bare(stack)
        app, token = await governed(stack, state)

        def theirs() -> Awaitable[object]:
            return post(plain, headers("echo"), BODY)

        def ours() -> Awaitable[object]:
            return post(app.asgi, headers("echo", token), BODY)

        async def slept() -> None:
            await theirs()
            await asyncio.sleep(SYNC_SECONDS)

        pairs = [
            (
                await cpu_of(theirs, at_once=AT_ONCE, calls=CALLS),
                await cpu_of(ours, at_once=AT_ONCE, calls=CALLS),
            )
            for _ in range(ROUNDS)
        ]
        alone = await cpu_of(ours, at_once=1, calls=CALLS)
        sdk_alone = await cpu_of(slept, at_once=1, calls=CALLS)
        rate = await calls_per_s(app.asgi, token, at_once=AT_ONCE)
    links = verify(app.settings.journal_folder("echo")).links
    assert links >= 2 * ROUNDS * CALLS
    return {
        "cpu_ms": round(statistics.median(ours for _, ours in pairs) * 1000, 3),
        "sdk_cpu_ms": round(statistics.median(theirs for theirs, _ in pairs) * 1000, 3),
        "ratio_to_sdk": round(statistics.median(ours / theirs for theirs, ours in pairs), 2),
        "alone_ms": round(alone * 1000, 3),
        "sdk_alone_ms": round(sdk_alone * 1000, 3),
        "audit_fsync": True,
        "calls_per_s_16": round(rate),
    }


async def calls_per_s(app: Asgi, token: str, *, at_once: int, calls: int = 1600) -> float:
    """Wall-clock rate over loopback sockets, client and server in this process."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config = uvicorn.Config(app, log_level="warning", lifespan="off", http="httptools")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listening]))
    given = {k.decode(): v.decode() for k, v in headers("echo", token) if k != b"host"}
    left = iter(range(calls))
    started = time.perf_counter()
    async with httpx2.AsyncClient(headers=given) as client:

        async def worker() -> None:
            for _ in left:
                answer = await client.post(f"http://127.0.0.1:{port}/mcp", content=BODY)
                assert answer.status_code == 200, answer.text

        await asyncio.gather(*(worker() for _ in range(at_once)))
    seconds = time.perf_counter() - started
    server.should_exit = True
    await serving
    return calls / seconds


def main() -> None:
    with tempfile.TemporaryDirectory() as state:
        figures = uvloop.run(measured(Path(state)))
    report("governed_call", "mcp", "pydantic", "cedarpy", **figures)


if __name__ == "__main__":
    main()
