"""A real Airflow as plain processes, in an environment of its own."""

import json
import secrets
import shutil
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx2

from dragoman_backends.airflow_settings import (
    AIRFLOW_2,
    AIRFLOW_3,
    USERS,
    database_settings,
    settings_2,
    settings_3,
)
from dragoman_backends.environments import environment
from dragoman_backends.postgresql import postgresql
from dragoman_backends.processes import Processes, free_port, run

Database = Literal["sqlite", "postgresql"]


@dataclass(frozen=True)
class Airflow:
    """A running Airflow; `users` holds the password by name: admin, operator and viewer."""

    version: str
    base_url: str
    folder: Path
    users: Mapping[str, str]
    processes: Processes | None = field(default=None, repr=False)

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def api(self) -> str:
        return f"{self.base_url}/api/v{'2' if self.major > 2 else '1'}"

    @property
    def dags(self) -> Path:
        """DAG files put here are parsed within seconds."""
        return self.folder / "dags"

    def token(self, user: str = "admin") -> str:
        """A bearer token for 24 h; Airflow 2 has none and takes name and password."""
        said = httpx2.post(
            f"{self.base_url}/auth/token",
            json={"username": user, "password": self.users[user]},
            timeout=30,
        )
        return str(said.raise_for_status().json()["access_token"])

    @contextmanager
    def client(self, user: str = "admin") -> Generator[httpx2.Client]:
        """HTTP as this user, relative to the API's address."""
        basic = (user, self.users[user]) if self.major == 2 else None
        headers = {} if basic else {"Authorization": f"Bearer {self.token(user)}"}
        with httpx2.Client(base_url=self.api, auth=basic, headers=headers, timeout=60) as http:
            yield http


@contextmanager
def airflow3(
    folder: Path,
    database: Database = "sqlite",
    dags: Path | None = None,
    plugins: Path | None = None,
    extra: Mapping[str, str] | None = None,
) -> Generator[Airflow]:
    """Airflow 3 with API server, scheduler, DAG processor and triggerer, all healthy.

    `dags` and `plugins` are copied into `folder`; `extra` are environment variables.
    """
    home = environment(f"airflow-{AIRFLOW_3}")
    _lay_out(folder, dags, plugins)
    users = {name: secrets.token_urlsafe(12) for name in USERS}
    (folder / "passwords.json").write_text(json.dumps(users))
    port = free_port()
    with ExitStack() as stack:
        settings = {
            **settings_3(folder, port),
            **_database(stack, folder, database),
            "PATH": f"{home}/bin:/usr/bin:/bin",
            **(extra or {}),
        }
        program = home / "bin/airflow"
        run("airflow db migrate", [program, "db", "migrate"], settings, seconds=240)
        group = stack.enter_context(Processes(folder))
        for name in ("api-server", "scheduler", "dag-processor", "triggerer"):
            serving = ["--skip-serve-logs"] if name in {"scheduler", "triggerer"} else []
            group.start(name, [program, name, *serving], settings)
        airflow = Airflow(AIRFLOW_3, f"http://127.0.0.1:{port}", folder, users, group)
        group.wait(f"Airflow {AIRFLOW_3}", lambda: healthy(airflow), seconds=240)
        yield airflow


@contextmanager
def airflow2(
    folder: Path,
    database: Database = "sqlite",
    dags: Path | None = None,
    plugins: Path | None = None,
    extra: Mapping[str, str] | None = None,
) -> Generator[Airflow]:
    """Airflow 2 with webserver, scheduler and triggerer, all healthy.

    On SQLite it runs one task at a time.
    """
    home = environment(f"airflow-{AIRFLOW_2}")
    _lay_out(folder, dags, plugins)
    users = {name: secrets.token_urlsafe(12) for name in USERS}
    port = free_port()
    with ExitStack() as stack:
        settings = {
            **settings_2(folder, port, "SequentialExecutor" if database == "sqlite" else ""),
            **_database(stack, folder, database),
            "PATH": f"{home}/bin:/usr/bin:/bin",
            **(extra or {}),
        }
        program = home / "bin/airflow"
        run("airflow db migrate", [program, "db", "migrate"], settings, seconds=240)
        create = [f"--{part}={value}" for part, value in _account("admin", users["admin"]).items()]
        run("airflow users create", [program, "users", "create", *create], settings)
        group = stack.enter_context(Processes(folder))
        for name in ("webserver", "scheduler", "triggerer"):
            serving = [] if name == "webserver" else ["--skip-serve-logs"]
            group.start(name, [program, name, *serving], settings)
        airflow = Airflow(AIRFLOW_2, f"http://127.0.0.1:{port}", folder, users, group)
        group.wait(f"Airflow {AIRFLOW_2}", lambda: healthy(airflow), seconds=240)
        _add_users_2(airflow)
        yield airflow


def _add_users_2(airflow: Airflow) -> None:
    with airflow.client() as http:
        for name in airflow.users.keys() - {"admin"}:
            account = _account(name, airflow.users[name])
            names = {"first_name": account.pop("firstname"), "last_name": account.pop("lastname")}
            roles = [{"name": account.pop("role")}]
            http.post("/users", json={**account, **names, "roles": roles}).raise_for_status()


def healthy(airflow: Airflow) -> bool:
    """Whether every part that Airflow's own health answer names says it is healthy."""
    path = "monitor/health" if airflow.major > 2 else "health"
    try:
        if airflow.major > 2:
            # Its first answer builds the API that tasks report to; a task would not wait for it.
            httpx2.get(f"{airflow.base_url}/execution/health", timeout=10).raise_for_status()
        said = httpx2.get(f"{airflow.api}/{path}", timeout=10)
    except httpx2.HTTPError:
        return False
    if not said.is_success:
        return False
    parts: dict[str, dict[str, Any] | None] = said.json()
    needed = {"metadatabase", "scheduler", "triggerer"}
    if airflow.major > 2:
        needed.add("dag_processor")
    return all(_is_healthy(parts.get(name)) for name in needed)


def _is_healthy(part: dict[str, Any] | None) -> bool:
    return part is not None and part["status"] == "healthy"


def _lay_out(folder: Path, dags: Path | None, plugins: Path | None) -> None:
    for name, source in {"dags": dags, "plugins": plugins}.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        if source:
            hidden = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / name, dirs_exist_ok=True, ignore=hidden)


def _database(stack: ExitStack, folder: Path, database: Database) -> dict[str, str]:
    address = stack.enter_context(postgresql()) if database == "postgresql" else None
    return database_settings(folder, address)


def _account(name: str, password: str) -> dict[str, str]:
    return {
        "username": name,
        "password": password,
        "email": f"{name}@example.org",
        "firstname": name,
        "lastname": "example",
        "role": USERS[name].title(),
    }
