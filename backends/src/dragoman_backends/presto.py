"""A real Presto, coordinator and worker in one plain Java process, on loopback."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import httpx2

from dragoman_backends.presto_install import PLUGINS, java, presto_home
from dragoman_backends.processes import Processes, free_port

Version = Literal["0.287", "0.296"]

PROBE = {"X-Presto-User": "probe"}

# Packages that Presto's libraries reach by reflection and Java 17 keeps closed.
OPENED = (
    "java.io",
    "java.lang",
    "java.lang.ref",
    "java.lang.reflect",
    "java.net",
    "java.nio",
    "java.security",
    "java.text",
    "java.time",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "java.util.regex",
    "javax.security.auth",
    "javax.security.auth.login",
    "jdk.internal.loader",
    "sun.nio.ch",
    "sun.security.action",
)


@dataclass(frozen=True)
class Presto:
    """A running Presto; it believes every `X-Presto-User`.

    `catalogs` are tpch and, in 0.287, tpcds, memory, blackhole and hive (on a file metastore).
    """

    version: str
    base_url: str
    folder: Path
    catalogs: tuple[str, ...]
    processes: Processes = field(repr=False)


@contextmanager
def presto(folder: Path, version: Version = "0.287", heap: str = "1G") -> Generator[Presto]:
    """Presto with its catalogs, started and accepting queries; data and log lie in `folder`."""
    home, port = presto_home(version), free_port()
    catalogs = _lay_out(folder, home, version, port)
    with Processes(folder) as group:
        group.start("presto", _command(folder, home, heap))
        started = Presto(version, f"http://127.0.0.1:{port}", folder, catalogs, group)
        group.wait(f"Presto {version}", lambda: accepts_queries(started.base_url), seconds=240)
        yield started


def accepts_queries(base_url: str) -> bool:
    """Whether the coordinator has started and has a worker: without one, queries wait."""
    try:
        info = httpx2.get(f"{base_url}/v1/info", timeout=10)
        cluster = httpx2.get(f"{base_url}/v1/cluster", headers=PROBE, timeout=10)
    except httpx2.HTTPError:
        return False
    if not (info.is_success and cluster.is_success):
        return False
    return info.json().get("starting") is False and cluster.json().get("activeWorkers", 0) > 0


def _command(folder: Path, home: Path, heap: str) -> list[str | Path]:
    opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
    settings = {
        "config": folder / "etc/config.properties",
        "log.levels-file": folder / "etc/log.properties",
        "node.environment": "test",
        "node.id": "one",
        "node.bind-ip": "127.0.0.1",
        "node.internal-address": "127.0.0.1",
        "node.data-dir": folder / "data",
        "jdk.attach.allowAttachSelf": "true",
    }
    given = [f"-D{name}={value}" for name, value in settings.items()]
    memory = [f"-Xmx{heap}", "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError"]
    main = ["-cp", f"{home}/lib/*", "com.facebook.presto.server.PrestoServer"]
    return [java(), *memory, *opened, *given, *main]


def _lay_out(folder: Path, home: Path, version: str, port: int) -> tuple[str, ...]:
    catalog = folder / "etc/catalog"
    for needed in (catalog, folder / "data", folder / "hive"):
        needed.mkdir(parents=True, exist_ok=True)
    config = {
        "coordinator": "true",
        "node-scheduler.include-coordinator": "true",
        "http-server.http.port": port,
        "discovery-server.enabled": "true",
        "discovery.uri": f"http://127.0.0.1:{port}",
        "query.max-memory": "512MB",
        "query.max-memory-per-node": "256MB",
        "plugin.dir": home / "plugin",
        "catalog.config-dir": catalog,
    }
    _write(folder / "etc/config.properties", config)
    _write(folder / "etc/log.properties", {"com.facebook": "WARN"})
    for plugin in PLUGINS[version]:
        hive = plugin == "hive-hadoop2"
        _write(
            catalog / f"{'hive' if hive else plugin}.properties",
            {"connector.name": plugin, **(_hive(folder) if hive else {})},
        )
    return tuple(sorted(path.stem for path in catalog.iterdir()))


def _hive(folder: Path) -> dict[str, object]:
    return {
        "hive.metastore": "file",
        "hive.metastore.catalog.dir": f"file://{folder}/hive",
        "hive.allow-drop-table": "true",
    }


def _write(path: Path, properties: Mapping[str, object]) -> None:
    path.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
