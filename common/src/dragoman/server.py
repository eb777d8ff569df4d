"""What a domain server declares; `app` assembles it and `serving` serves it."""

import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import entry_points, version
from importlib.resources import files
from pathlib import Path
from typing import Any

from mcp.server import MCPServer
from mcp.server.streamable_http import EventStore

from dragoman.auth.policy import Alarm, Policy
from dragoman.errors import DragomanError
from dragoman.execution import Opener
from dragoman.tool import Misdeclared, Tool, declared

GROUP = "dragoman.servers"
_log = logging.getLogger(__name__)


class UnknownServer(DragomanError):
    """No installed server has that name."""


@dataclass(frozen=True)
class Backends:
    """A running server's clients, by the class that tools ask for, and whether they answer.

    `problem` is awaited by /readyz: a sentence when a backend cannot be used, else "".
    """

    openers: Mapping[type, Opener] = field(default_factory=dict[type, Opener])
    problem: Callable[[], Any] | None = None


@asynccontextmanager
async def no_backends() -> AsyncGenerator[Backends]:
    yield Backends()


@dataclass(frozen=True)
class Resumption:
    """Lets clients of the handshake era pick up a broken stream after `retry_ms`."""

    store: Callable[[], EventStore]
    retry_ms: int


@dataclass(frozen=True)
class Native:
    """Tools, prompts and resources written against the SDK itself, all of them reads.

    Each name, URI or URI template is mapped to the policy action that permits it; what is not
    mapped is hidden from everybody.
    """

    register: Callable[[MCPServer], None]
    tools: Mapping[str, str] = field(default_factory=dict[str, str])
    prompts: Mapping[str, str] = field(default_factory=dict[str, str])
    resources: Mapping[str, str] = field(default_factory=dict[str, str])
    resumption: Resumption | None = None

    def actions(self) -> Iterable[str]:
        yield from self.tools.values()
        yield from self.prompts.values()
        yield from self.resources.values()


@dataclass(frozen=True)
class Server:
    """One domain: its tools, its policy, its backends.

    `package` is the import package beside which `policy.cedar` and `manifest.json` stand;
    `policy` is another file with the policies.
    `objects` are the Cedar entity types its clients ask about, with their attributes, and
    `further_actions` those that no tool has as its policy.
    """

    name: str
    title: str
    instructions: str
    package: str
    functions: tuple[Callable[..., Any], ...] = ()
    backends: Callable[[], AbstractAsyncContextManager[Backends]] = no_backends
    channels: tuple[str, ...] = ()
    objects: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    further_actions: tuple[str, ...] = ()
    native: Native | None = None
    policy: Path | None = None

    @cached_property
    def tools(self) -> Mapping[str, Tool]:
        """The declared tools by name, in the order of their declaration."""
        found: dict[str, Tool] = {}
        for function in self.functions:
            tool = declared(function)
            if tool is None:
                raise Misdeclared(
                    f"{function.__name__} is listed as a tool but has no @tool. Put @tool above it."
                )
            found[tool.name] = tool
        return found

    @property
    def version(self) -> str:
        return version(self.package.replace("_", "-"))

    @property
    def actions(self) -> tuple[str, ...]:
        """Every action a policy may name: the server's own four, and what its tools ask for."""
        own = [f"{self.name}.{verb}" for verb in ("connect", "list", "approve", "confirm")]
        asked = [tool.policy for tool in self.tools.values()]
        native = list(self.native.actions()) if self.native else []
        return tuple(dict.fromkeys([*own, *asked, *native, *self.further_actions]))

    @property
    def folder(self) -> Path:
        """The member's folder in a checkout, else the installed package."""
        package = Path(str(files(self.package)))
        member = package.parent.parent
        return member if (member / "pyproject.toml").exists() else package

    def policy_text(self) -> str:
        return (self.policy or self.folder / "policy.cedar").read_text(encoding="utf-8")


def find(name: str) -> Server:
    """The installed server of that name. Raises UnknownServer, naming those there are."""
    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in entries:
        known = ", ".join(sorted(entries)) or "none"
        raise UnknownServer(f"No server is called {name!r}; installed: {known}.")
    server = entries[name].load()
    if not isinstance(server, Server):
        raise Misdeclared(f"entry point {name} of {GROUP} is not a dragoman.server.Server")
    return server


def installed() -> list[str]:
    """The names of all installed servers."""
    return sorted(entry.name for entry in entry_points(group=GROUP))


def load_policy(server: Server, text: str | None = None, alarm: Alarm = _log.error) -> Policy:
    """The server's policies, or the given text as if it were them. Raises PolicyInvalid.

    `alarm` hears of every evaluation error, each of which is a denial.
    """
    return Policy.load(
        server.policy_text() if text is None else text,
        server=server.name,
        actions=server.actions,
        channels=server.channels,
        tools={tool.name: tool.channels for tool in server.tools.values()},
        objects=server.objects,
        alarm=alarm,
    )
