"""Serves an assembled server over HTTP until it is told to stop, or over stdio."""

import asyncio
import contextlib
import signal
from collections.abc import Generator
from types import FrameType

import uvicorn
import uvloop

from dragoman.app import App, NotForProduction, assemble
from dragoman.auth.caller import Caller
from dragoman.errors import BadInput
from dragoman.server import Server
from dragoman.settings import Settings
from dragoman.telemetry.process_log import configure

_LAST_SECONDS = 1.0


def serve(server: Server, settings: Settings) -> None:
    """Serve over streamable HTTP; SIGTERM or SIGINT drain and stop it."""
    configure()
    app = assemble(server, settings)
    uvloop.run(_Drained(app, settings).serve())


def serve_stdio(server: Server, settings: Settings) -> None:
    """Serve over stdio as the person in DRAGOMAN_USER; never in production.

    Raises NotForProduction, and BadInput when nobody is named.
    """
    caller = _of_environment(server, settings)
    configure()
    app = assemble(server, settings, local=caller)
    uvloop.run(app.run_stdio())


def _of_environment(server: Server, settings: Settings) -> Caller:
    """Whom the environment names. They act through an agent, so they cannot decide its calls."""
    if settings.env == "production":
        raise NotForProduction(
            "Over stdio nobody proves who they are, so it is not for production. "
            "Serve over HTTP there: leave out --stdio."
        )
    subject = settings.user.strip().casefold()
    if not subject:
        raise BadInput(
            "Nobody is named: set DRAGOMAN_USER to the person it serves, and DRAGOMAN_GROUPS to "
            "their groups, e.g. DRAGOMAN_USER=alice DRAGOMAN_GROUPS=data-eng."
        )
    return Caller(
        subject,
        frozenset(settings.groups),
        surface="stdio",
        issuer="environment",
        scopes=frozenset(settings.scopes or (f"{server.name}:read", f"{server.name}:write")),
    )


class _Drained(uvicorn.Server):
    """Uvicorn, except that a signal first makes the server unready and lets calls finish."""

    def __init__(self, app: App, settings: Settings) -> None:
        super().__init__(
            uvicorn.Config(
                app.asgi,
                host=settings.host,
                port=settings.port,
                http="httptools",
                loop="uvloop",
                log_level="warning",
                lifespan="on",
                ws="none",
                # Who the TCP peer is decides whose mesh headers count.
                proxy_headers=False,
                server_header=False,
                log_config=None,
                timeout_graceful_shutdown=3,
            )
        )
        self._app = app
        self._grace = settings.drain_seconds
        self._draining: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """First signal: drain. Second: stop at once."""
        del sig, frame
        if self._draining is not None:
            self.force_exit = True
            return
        self._app.draining = True
        self._draining = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        if not await self._idle_within(self._grace):
            self._app.stop_calls()
            await self._idle_within(_LAST_SECONDS)
        self.should_exit = True

    async def _idle_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._app.idle()
                return True
        return False
