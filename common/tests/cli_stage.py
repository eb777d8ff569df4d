"""The harbour and its issuer on real sockets, for tests that run the dragoman command."""

import asyncio
import io
import socket
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from harbour import Sea, harbour
from starlette.types import ASGIApp

from dragoman.app import assemble
from dragoman.auth.issuer import DevelopmentIssuer, Grant
from dragoman.auth.issuer_app import issuer_app
from dragoman.auth.people import Person
from dragoman.settings import Settings

PEOPLE = {
    "alice": Person(name="alice", groups=("sailors", "captains")),
    "bob": Person(name="bob", groups=("landlubbers",)),
    "carol": Person(name="carol", groups=("sailors", "captains")),
    "dave": Person(name="dave", groups=("sailors",)),
}
_INSTALLED = "from harbour import Sea, harbour\nserver = harbour(Sea())\n"


class Typed(io.StringIO):
    """A terminal at which a person has typed this."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Stage:
    """The running parts, and what a command's environment must hold to speak to them."""

    issuer: DevelopmentIssuer
    settings: Settings
    sea: Sea

    @property
    def environment(self) -> Mapping[str, str]:
        trusted = self.issuer.trusted_for(self.settings.address).model_dump_json()
        return {
            "DRAGOMAN_STATE": str(self.settings.state),
            "DRAGOMAN_PORT": str(self.settings.port),
            "DRAGOMAN_URL": self.settings.address,
            "DRAGOMAN_ISSUERS": f"[{trusted}]",
        }

    def token(self, person: str, *, scope: str = "harbour:read harbour:write") -> str:
        """What an agent holds: a token for the server."""
        return self.issuer.access_token(Grant(person, self.settings.address, scope))

    def own_token(self, person: str) -> str:
        """What a person gets who signs in to decide."""
        return self.issuer.access_token(Grant(person, self.settings.approvals_address))


@contextmanager
def stage(state: Path) -> Generator[Stage]:
    """Both servers in threads of this process, ready."""
    sea = Sea()
    with socket.socket() as issuing, socket.socket() as serving:
        for each in (issuing, serving):
            each.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{issuing.getsockname()[1]}"
        issuer = DevelopmentIssuer(url, people=PEOPLE, environment={})
        settings = Settings(state=state, port=serving.getsockname()[1])
        trusted = issuer.trusted_for(settings.address)
        settings = settings.model_copy(update={"issuers": (trusted,)})
        with _running(issuer_app(issuer), issuing):
            app = assemble(harbour(sea), settings)
            with _running(app.asgi, serving):
                yield Stage(issuer, settings, sea)


@contextmanager
def _running(app: ASGIApp, place: socket.socket) -> Generator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
    ready = threading.Event()

    async def serve() -> None:
        startup = server.startup

        async def started(sockets: list[socket.socket] | None = None) -> None:
            await startup(sockets)
            ready.set()

        server.startup = started
        await server.serve(sockets=[place])

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    try:
        assert ready.wait(20)
        yield
    finally:
        server.should_exit = True
        thread.join(20)


def install(folder: Path) -> None:
    """Makes the harbour a server that is installed, as its wheel would; put it on the path."""
    (folder / "installed_harbour.py").write_text(_INSTALLED)
    info = folder / "dragoman_harbour-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dragoman-harbour\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[dragoman.servers]\nharbour = installed_harbour:server\n"
    )
