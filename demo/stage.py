"""What the demo runs on: the development issuer and the servers, each as a real process."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from dragoman.cli.identity import development_token

_PATIENCE = 60
_TAKEN = "Port {} is taken (another `make up`?). Stop it and try again."


@dataclass(frozen=True)
class Stage:
    """Addresses of the running parts; `servers` are their MCP addresses by name."""

    issuer: str
    servers: Mapping[str, str]
    state: Path
    processes: Mapping[str, "subprocess.Popen[bytes]"]

    def ended(self) -> str:
        """The first part that has stopped by itself, with its exit code; empty while all run."""
        codes = {name: process.poll() for name, process in self.processes.items()}
        return next(
            (f"{name} (exit {code})" for name, code in codes.items() if code is not None), ""
        )

    def environment(self, server: str) -> Mapping[str, str]:
        """Makes the dragoman command speak to that server."""
        return {
            "DRAGOMAN_STATE": str(self.state),
            "DRAGOMAN_URL": self.servers[server],
            "DRAGOMAN_ISSUERS": _issuers(self.issuer, self.servers[server]),
        }

    def token(self, person: str, server: str, *rights: str) -> str:
        """A token of the development issuer for one server; rights are `read` and `write`."""
        scope = " ".join(f"{server}:{right}" for right in rights or ("read",))
        return development_token(self.issuer, person, self.servers[server], scope)


@contextmanager
def stage(
    backends: Mapping[str, Mapping[str, str]],
    state: Path,
    issuer_port: int = 0,
    ports: Mapping[str, int] | None = None,
) -> Generator[Stage]:
    """The issuer and a server for each name, ready; stopped on the way out.

    `backends` are each server's own settings; what is written lies in `state`.
    """
    issuer_port = free(issuer_port)
    wanted = {name: free((ports or {}).get(name, 0)) for name in backends}
    issuer = f"http://127.0.0.1:{issuer_port}"
    servers = {name: f"http://127.0.0.1:{port}/mcp" for name, port in wanted.items()}
    with ExitStack() as stack:
        running = {"issuer": stack.enter_context(_process("issuer", "--port", str(issuer_port)))}
        _await(f"{issuer}/.well-known/openid-configuration", running["issuer"], issuer_port)
        for name, address in servers.items():
            settings = {
                **backends[name],
                "DRAGOMAN_STATE": str(state),
                "DRAGOMAN_PORT": str(wanted[name]),
                "DRAGOMAN_ISSUERS": _issuers(issuer, address),
            }
            running[name] = stack.enter_context(_process("serve", name, settings=settings))
        for name, address in servers.items():
            _await(address.replace("/mcp", "/readyz"), running[name], wanted[name])
        yield Stage(issuer, servers, state, running)


@contextmanager
def _process(
    *command: str, settings: Mapping[str, str] | None = None
) -> Generator["subprocess.Popen[bytes]"]:
    """A part of its own session: Ctrl-C reaches it through us alone, once."""
    clean = {name: value for name, value in os.environ.items() if "DRAGOMAN" not in name}
    process = subprocess.Popen(
        [sys.executable, "-m", "dragoman.cli", *command],
        env={**clean, **(settings or {})},
        stderr=subprocess.DEVNULL if command[0] == "issuer" else None,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def _await(url: str, process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(_TAKEN.format(port))
        try:
            if httpx2.get(url).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"{url} is not ready after {_PATIENCE} s")


def _issuers(issuer: str, server: str) -> str:
    trusted = {"issuer": issuer, "audience": [server], "jwks_uri": f"{issuer}/jwks.json"}
    return json.dumps([trusted])


def free(wanted: int) -> int:
    """The wanted port, if nobody has it, or any free one for 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            raise SystemExit(_TAKEN.format(wanted)) from None
        return int(probe.getsockname()[1])
