"""The same Airflow in a container, from whichever image a setting names."""

import json
import os
import secrets
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from docker.errors import APIError
from testcontainers.core.config import ConnectionMode, testcontainers_config
from testcontainers.core.container import DockerContainer

from dragoman_backends.airflow import Airflow, healthy
from dragoman_backends.airflow_settings import AIRFLOW_3, USERS, settings_3
from dragoman_backends.engine import Engine
from dragoman_backends.processes import LOG_LINES, BackendFailed

IMAGE = "DRAGOMAN_AIRFLOW_IMAGE"
PUBLIC_IMAGE = f"apache/airflow:{AIRFLOW_3}"
HOME = Path("/opt/airflow")
PORT = 8080


@contextmanager
def airflow3_container(
    engine: Engine, folder: Path, dags: Path | None = None, image: str | None = None
) -> Generator[Airflow]:
    """Airflow 3 on SQLite, all parts in one container, healthy.

    `image` defaults to the setting DRAGOMAN_AIRFLOW_IMAGE, else to the project's public image.
    """
    users = {name: secrets.token_urlsafe(12) for name in USERS}
    _lay_out(folder, users, dags)
    # The collector of left containers is an image of its own; the engine ends with the run.
    testcontainers_config.ryuk_disabled = True
    testcontainers_config.connection_mode_override = ConnectionMode.docker_host
    settings = {
        **settings_3(HOME, PORT),
        "AIRFLOW__API__HOST": "0.0.0.0",  # noqa: S104  # inside; published on loopback only
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": f"{HOME}/users/passwords.json",
    }
    container = DockerContainer(
        image or os.environ.get(IMAGE, PUBLIC_IMAGE),
        docker_client_kw={"environment": {"DOCKER_HOST": engine.address}},
        command="standalone",
        env=settings,
        ports=[PORT],
        volumes=[(str(folder / name), f"{HOME}/{name}", "rw") for name in ("dags", "users")],
    )
    with _started(container) as running:
        port = running.get_exposed_port(PORT)
        airflow = Airflow(AIRFLOW_3, f"http://127.0.0.1:{port}", folder, users)
        _wait(running, airflow, seconds=240)
        yield airflow


@contextmanager
def _started(container: DockerContainer) -> Generator[DockerContainer]:
    """Raises BackendFailed with the engine's words for an image that cannot even begin."""
    try:
        container.start()
    except APIError as refused:
        container.stop()
        raise BackendFailed(f"the container does not start: {refused.explanation}") from refused
    try:
        yield container
    finally:
        container.stop()


def _lay_out(folder: Path, users: dict[str, str], dags: Path | None) -> None:
    for name in ("dags", "users"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        # The container's user is whoever its image says.
        (folder / name).chmod(0o777)
    passwords = folder / "users/passwords.json"
    passwords.write_text(json.dumps(users))
    passwords.chmod(0o666)
    if dags:
        shutil.copytree(dags, folder / "dags", dirs_exist_ok=True)


def _wait(running: DockerContainer, airflow: Airflow, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not healthy(airflow):
        container = running.get_wrapped_container()
        container.reload()
        if container.status not in {"created", "running"}:
            raise BackendFailed(f"the container is {container.status}:\n{_said(running)}")
        if time.monotonic() > until:
            raise BackendFailed(f"not healthy after {seconds:.0f} s:\n{_said(running)}")
        time.sleep(0.5)


def _said(running: DockerContainer) -> str:
    words = b"\n".join(running.get_logs()).decode(errors="replace")
    return "\n".join(words.splitlines()[-LOG_LINES:])
