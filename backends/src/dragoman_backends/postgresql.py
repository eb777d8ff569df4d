"""A PostgreSQL of its own on loopback, from the server programs of the system's package."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from dragoman_backends.processes import BackendFailed, Processes, free_port, run

# PostgreSQL refuses to run as root; the package makes this user.
SERVER_USER = "postgres"


@contextmanager
def postgresql(user: str = "airflow") -> Generator[str]:
    """`127.0.0.1:PORT` of a server that trusts `user` and holds an empty database of that name."""
    programs, port = _programs(), free_port()
    owner = SERVER_USER if os.geteuid() == 0 else None
    # A test's own folder is closed to other users, and the server is one.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as name, Processes(Path(name)) as group:
        data = Path(name) / "data"
        if owner:
            shutil.chown(name, owner)
        initdb = [programs / "initdb", "-A", "trust", "-U", user, "-D", data, "--no-sync"]
        run("initdb", initdb, user=owner)
        settings = {
            "port": str(port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": "200",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        server = [programs / "postgres", "-D", data, *options]
        group.start("postgresql", server, user=owner)
        at = ["-h", "127.0.0.1", "-p", str(port), "-U", user]
        group.wait("PostgreSQL", lambda: _answers(programs, at), seconds=30)
        run("createdb", [programs / "createdb", *at, user])
        yield f"127.0.0.1:{port}"


def _answers(programs: Path, at: list[str]) -> bool:
    try:
        run("psql", [programs / "psql", *at, "-c", "select 1", "postgres"], seconds=10)
    except BackendFailed:
        return False
    return True


def _programs() -> Path:
    if found := sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        return found[-1].parent
    if path := shutil.which("postgres"):
        return Path(path).parent
    raise BackendFailed("PostgreSQL is not installed; run backends/install.sh")
