"""Which tests of real backends run here: in CI all of them, elsewhere what the machine can do."""

import os
import tempfile
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
def running_engine() -> Iterator[Engine]:
    """Below /tmp, since a socket's path may have 108 characters at most, and gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="engine-", ignore_cleanup_errors=True) as folder,
        engine(Path(folder)) as running,
    ):
        yield running
