"""`make conformance`: the official suite against the fixture, and against the Spark server."""

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import fixture
import httpx2
import uvicorn
import uvloop
from bearer import Bearer, issuer_for
from rich.console import Console
from rich.table import Table
from suite import REVISIONS, Outcome, Suite, SuiteMissing, fetch

import dragoman_spark.server
from dragoman.app import assemble
from dragoman.auth.issuer import Grant
from dragoman.auth.issuer_app import issuer_app
from dragoman.server import Server
from dragoman.settings import Settings

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent.parent / ".cache/conformance"
console = Console(highlight=False, soft_wrap=True)


@asynccontextmanager
async def served(server: Server, group: str, state: Path) -> AsyncGenerator[str]:
    """The server's address on loopback while entered; whoever calls there is of `group`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        issuer = issuer_for(group)
        settings = Settings(
            env="development",
            state=state,
            public_url=base,
            allowed_origins=(base,),
            issuers=(issuer.trusted_for(f"{base}/mcp"),),
        )
        keys = httpx2.ASGITransport(app=issuer_app(issuer))
        app = assemble(server, settings, key_transport=keys)
        grant = Grant("suite", settings.address, scope=f"{server.name}:read")
        async with _listening(Bearer(app.asgi, issuer, grant), listening):
            yield settings.address


class _Listener(uvicorn.Server):
    """Uvicorn that tells when it has started, or could not."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()


@asynccontextmanager
async def _listening(app: Bearer, listening: socket.socket) -> AsyncGenerator[None]:
    config = uvicorn.Config(
        app,
        http="httptools",
        lifespan="on",
        ws="none",
        log_config=None,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
    )
    server = _Listener(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await server.settled.wait()
        if not server.started:
            raise SystemExit(f"the server did not start; {CACHE / 'server.txt'} says why")
        yield
    finally:
        server.should_exit = True
        await serving


async def conformance(suite: Suite) -> bool:
    """Whether both servers conform to both revisions; prints a line for each run."""
    table = Table("server", "revision", "scenarios", "failed", "checks", "verdict")
    runs: dict[tuple[str, str], Outcome] = {}
    subjects = (
        (fixture.server, "conformance", HERE / "fixture-expected.yml"),
        (dragoman_spark.server.server, "data-eng", HERE / "spark-expected.yml"),
    )
    for server, group, expected in subjects:
        with TemporaryDirectory(prefix="dragoman-conformance-") as state:
            async with served(server, group, Path(state)) as url:
                for revision in REVISIONS:
                    folder = CACHE / "results" / server.name / revision
                    outcome = await suite.run(url, revision, folder, expected)
                    runs[server.name, revision] = outcome
                    table.add_row(server.name, revision, *_figures(outcome))
    console.print(table)
    for (name, revision), outcome in runs.items():
        if not outcome.conforms:
            _explain(name, revision, outcome)
    return all(outcome.conforms for outcome in runs.values())


def _figures(outcome: Outcome) -> tuple[str, ...]:
    failed = sum(not scenario.clean for scenario in outcome.scenarios)
    passed = sum(scenario.passed for scenario in outcome.scenarios)
    wrong = sum(len(scenario.problems) for scenario in outcome.scenarios)
    scenarios = len(outcome.scenarios)
    verdict = "as expected" if failed else "conforms"
    return (
        str(scenarios),
        str(failed),
        f"{passed} of {passed + wrong}",
        verdict if outcome.conforms else "FAILS",
    )


def _explain(name: str, revision: str, outcome: Outcome) -> None:
    """What went wrong, and which entries of the expected list are stale."""
    console.print(f"\n{name}, {revision}: {outcome.comparison}", markup=False)
    for scenario in outcome.scenarios:
        for problem in scenario.problems:
            console.print(f"{scenario.name}: {problem[:300]}", markup=False)


def main() -> int:
    CACHE.mkdir(parents=True, exist_ok=True)
    logging.captureWarnings(capture=True)
    logging.basicConfig(filename=CACHE / "server.txt", filemode="w", level=logging.WARNING)
    try:
        suite = fetch(CACHE)
    except SuiteMissing as missing:
        console.print(str(missing))
        return 1
    return 0 if uvloop.run(conformance(suite)) else 1


if __name__ == "__main__":
    sys.exit(main())
