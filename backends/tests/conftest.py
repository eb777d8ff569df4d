"""Which tests of real backends run here: in CI all of them, elsewhere what the machine can do."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dragoman_backends.engine import Engine, available, engine

REAL = "real: starts a real Airflow, minutes; in CI, or with DRAGOMAN_BACKENDS=real"
CONTAINER = "container: needs a container engine; fails without one in CI, else deselected"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", REAL)
    config.addinivalue_line("markers", CONTAINER)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("CI") == "true":
        return
    real = os.environ.get("DRAGOMAN_BACKENDS") == "real"
    without = [
        item
        for item in items
        if (item.get_closest_marker("real") and not real)
        or (item.get_closest_marker("container") and not available())
    ]
    if without:
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]


@pytest.fixture(scope="session")
def running_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with pytest.MonkeyPatch.context() as patch, engine(_short(tmp_path_factory)) as running:
        for name, value in running.environment().items():
            patch.setenv(name, value)
        yield running


def _short(factory: pytest.TempPathFactory) -> Path:
    """A socket's path may have 108 characters at most."""
    return factory.mktemp("e")
