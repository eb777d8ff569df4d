"""A private container engine: started for a test run, on a socket of its own, gone afterwards."""

import os
import shutil
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
import httpx2

from dragoman_backends.processes import BackendFailed, Processes


@dataclass(frozen=True)
class Engine:
    """A container engine that answers; ports of its containers are published on loopback."""

    address: str

    def client(self) -> closing[docker.DockerClient]:
        return closing(docker.DockerClient(base_url=self.address, timeout=120))

    def environment(self) -> dict[str, str]:
        """What docker's command line and testcontainers need; the latter reads it at import."""
        return {
            "DOCKER_HOST": self.address,
            "TESTCONTAINERS_RYUK_DISABLED": "true",
            "TESTCONTAINERS_CONNECTION_MODE": "docker_host",
        }


def available() -> bool:
    """Whether an engine could be started here."""
    return os.geteuid() == 0 and shutil.which("dockerd") is not None


@contextmanager
def engine(folder: Path) -> Generator[Engine]:
    """An engine whose images and containers live in `folder`; its containers end with it."""
    if not available():
        raise BackendFailed("no container engine: run backends/install.sh, as root")
    with Processes(folder) as processes:
        socket = folder / "docker.sock"
        places = {
            "--data-root": folder / "data",
            "--exec-root": folder / "exec",
            "--pidfile": folder / "dockerd.pid",
        }
        options = [part for name, place in places.items() for part in (name, place)]
        address = f"unix://{socket}"
        listen = ["--host", address, "--ip", "127.0.0.1", "--log-level", "warn"]
        processes.start("dockerd", ["dockerd", *options, *listen])
        running = Engine(address)
        processes.wait("the container engine", lambda: _answers(socket), seconds=60)
        try:
            yield running
        finally:
            _remove_containers(running)


def _answers(socket: Path) -> bool:
    transport = httpx2.HTTPTransport(uds=str(socket))
    with httpx2.Client(transport=transport, timeout=10) as http:
        try:
            return http.get("http://engine/_ping").is_success
        except httpx2.HTTPError:
            return False


def _remove_containers(running: Engine) -> None:
    with running.client() as client:
        for container in client.containers.list(all=True):
            container.remove(force=True, v=True)
