"""Shared by the tests of all members, and which tests of real backends run on this machine.

In CI all of them run, and a missing backend is a failure. Elsewhere what cannot start is left out,
counted as deselected.
"""

import os

import pytest

from dragoman_backends import engine, presto_install

REAL = "real: starts a real Airflow, minutes; in CI, or with DRAGOMAN_BACKENDS=real"
CONTAINER = "container: needs a container engine"
PRESTO = frozenset({"presto", "presto_newer"})


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", REAL)
    config.addinivalue_line("markers", CONTAINER)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("CI") == "true":
        return
    left_out = [item for item in items if not _can_run(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _can_run(item: pytest.Item) -> bool:
    if item.get_closest_marker("real") and os.environ.get("DRAGOMAN_BACKENDS") != "real":
        return False
    if item.get_closest_marker("container") and not engine.available():
        return False
    asked = PRESTO & set(getattr(item, "fixturenames", ()))
    return not asked or bool(os.environ.get("DRAGOMAN_TEST_PRESTO")) or presto_install.available()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def rounds() -> int:
    """How often a randomised proof is repeated: a sample, or in full for `make proofs`."""
    return 200 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 5
