"""The private engine runs images made of this machine, Airflow among them."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from dragoman_backends.airflow_container import airflow3_container
from dragoman_backends.airflow_settings import AIRFLOW_3
from dragoman_backends.engine import Engine
from dragoman_backends.environments import environment
from dragoman_backends.images import PYTHON_IMAGE, airflow_image, python_image
from dragoman_backends.processes import BackendFailed

pytestmark = [
    pytest.mark.container,
    pytest.mark.timeout(600),
    # Docker's client leaves sockets of streamed answers to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture(scope="module")
def python(running_engine: Engine) -> str:
    return python_image(running_engine)


def test_an_image_of_this_python_runs_programs(running_engine: Engine, python: str) -> None:
    program = ["python3", "-c", "import ssl, sqlite3; print(6 * 7)"]

    with running_engine.client() as client:
        said = client.containers.run(python, program, remove=True)

    assert said == b"42\n"


@pytest.mark.real
def test_airflow_in_a_container_is_healthy_and_knows_its_users(
    running_engine: Engine, python: str, tmp_path: Path
) -> None:
    assert python == PYTHON_IMAGE
    image = airflow_image(running_engine, environment(f"airflow-{AIRFLOW_3}"), AIRFLOW_3)

    with airflow3_container(running_engine, tmp_path, image=image) as airflow:
        with airflow.client("viewer") as http:
            read = http.get("/dags")
            changed = http.post("/pools", json={"name": "p", "slots": 1, "include_deferred": False})

        assert (read.status_code, changed.status_code) == (200, 403)


def test_a_container_that_cannot_start_turns_red_with_the_reason(
    running_engine: Engine, python: str, tmp_path: Path
) -> None:
    with (
        pytest.raises(BackendFailed, match=r"standalone.*not found"),
        airflow3_container(running_engine, tmp_path, image=f"{python}"),
    ):
        pytest.fail("a container without Airflow cannot become healthy")
