"""Serves an assembled server over HTTP until it is told to stop, or over stdio."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Generator
from socket import socket
from types import FrameType

import uvicorn
import uvloop

from dragoman.app import App, NotForProduction, assemble
from dragoman.auth.caller import Caller
from dragoman.errors import BadInput, DragomanError
from dragoman.server import Server
from dragoman.settings import Settings
from dragoman.telemetry.process_log import configure

_LAST_SECONDS = 1.0
_PROBE_SECONDS = 2.0


class CannotListen(DragomanError):
    """The address to listen at is taken, or is none of this machine."""


def untold(_: str) -> None:
    """Where nobody is told how the start went."""


def serve(server: Server, settings: Settings, tell: Callable[[str], None] = untold) -> None:
    """Serve over streamable HTTP; SIGTERM or SIGINT drain and stop it.

    `tell` hears of the address, and of each problem that keeps it from being ready. Raises
    CannotListen, and whatever the server's backends raise when they cannot be opened.
    """
    configure()
    app = assemble(server, settings)
    uvloop.run(_serve(app, settings, tell))


async def _serve(app: App, settings: Settings, tell: Callable[[str], None]) -> None:
    listener = _Drained(app, settings, tell)
    # Opened here and not by uvicorn, which would make a traceback of what backends raise.
    async with app.open():
        await listener.serve()
    if listener.failed:
        raise CannotListen(
            f"Port {settings.port} of {settings.host} cannot be used. "
            "Name another one with --port, or another address in DRAGOMAN_HOST."
        )


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

    def __init__(self, app: App, settings: Settings, tell: Callable[[str], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app.asgi,
                host=settings.host,
                port=settings.port,
                http="httptools",
                loop="uvloop",
                log_level="warning",
                lifespan="off",
                ws="none",
                # Who the TCP peer is decides whose mesh headers count.
                proxy_headers=False,
                server_header=False,
                log_config=None,
                timeout_graceful_shutdown=3,
            )
        )
        self.failed = False
        self._app = app
        self._tell = tell
        self._grace = settings.drain_seconds
        self._draining: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            self.failed = self.should_exit = True
            return
        self._tell(f"{self._app.server.name} serves {self._app.settings.address}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PROBE_SECONDS):
                for problem in await self._app.problems():
                    self._tell(f"not ready: {problem}")

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
