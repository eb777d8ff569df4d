"""One governed call against the bare SDK: authentication, policy, audit with fsync, metrics."""

import asyncio
import socket
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import uvicorn
import uvloop
from asgi_driver import Asgi, call_body, cpu_of, headers, post
from echo_server import bare, governed
from report import report

from dragoman.telemetry.verify import verify

ROUNDS, CALLS = 9, 150
BODY = call_body("echo", {"text": "hello"})


async def measured(state: Path) -> dict[str, float | bool]:
    """Pair by pair in one run; the journal is read back to prove that each call is in it."""
    async with AsyncExitStack() as stack:
        plain: Asgi = await bare(stack)
        app, token = await governed(stack, state)
        pairs: list[tuple[float, float]] = []
        for _ in range(ROUNDS):
            theirs = await cpu_of(lambda: post(plain, headers("echo"), BODY), CALLS)
            ours = await cpu_of(lambda: post(app.asgi, headers("echo", token), BODY), CALLS)
            pairs.append((theirs, ours))
        rate = await calls_per_s(app.asgi, token, at_once=16)
    links = verify(app.settings.journal_folder("echo")).links
    assert links >= 2 * ROUNDS * CALLS
    return {
        "cpu_ms": round(statistics.median(ours for _, ours in pairs) * 1000, 3),
        "sdk_cpu_ms": round(statistics.median(theirs for theirs, _ in pairs) * 1000, 3),
        "ratio_to_sdk": round(statistics.median(ours / theirs for theirs, ours in pairs), 2),
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
