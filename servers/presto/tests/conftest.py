"""Shared by all tests of the Presto server."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

# Shared parts stand beside their tests, which importlib mode keeps off the path.
sys.path.insert(0, str(Path(__file__).parent))

from fake_coordinator import FakeCoordinator, Script  # after the path

from dragoman_backends.presto import presto as real_presto  # after the path
from dragoman_presto.engine.connect import Engine  # after the path
from dragoman_presto.engine.headers import Identity  # after the path
from dragoman_presto.settings import Coordinator  # after the path

Fake = Callable[..., FakeCoordinator]


@pytest.fixture(scope="session")
def presto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Presto with every catalog, started once.

    `DRAGOMAN_TEST_PRESTO` names one that runs already.
    """
    if running := os.environ.get("DRAGOMAN_TEST_PRESTO"):
        yield running
        return
    with real_presto(tmp_path_factory.mktemp("presto")) as started:
        yield started.base_url


@pytest.fixture(scope="session")
def presto_newer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a newer real Presto, which has the catalog tpch alone.

    `DRAGOMAN_TEST_PRESTO_NEWER` names one that runs already.
    """
    if running := os.environ.get("DRAGOMAN_TEST_PRESTO_NEWER"):
        yield running
        return
    with real_presto(tmp_path_factory.mktemp("presto-newer"), "0.296") as started:
        yield started.base_url


@pytest.fixture(params=["presto", "presto_newer"])
def real_or_newer(request: pytest.FixtureRequest) -> str:
    """The address of each real Presto in turn."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def fake() -> Iterator[Fake]:
    """Starts a fake coordinator that answers the SQL `q` by the given script."""
    with ExitStack() as stack:

        def start(script: Script, *, takes_minted: bool = True) -> FakeCoordinator:
            return stack.enter_context(FakeCoordinator({"q": script}, takes_minted))

        yield start


@pytest.fixture
def alice() -> Identity:
    return Identity("alice", ("tool:run_query", "group:ads"), "trace-1")


@pytest.fixture
def engine() -> Callable[..., Engine]:
    """An engine for an address; other settings as given."""

    def connect(url: str, **settings: object) -> Engine:
        return Engine(Coordinator.model_validate({"name": "test", "url": url, **settings}))

    return connect
