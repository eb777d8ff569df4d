"""Shared by the tests of the backends."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dragoman_backends.engine import Engine, engine


@pytest.fixture(scope="session")
def running_engine() -> Iterator[Engine]:
    """Below /tmp, since a socket's path may have 108 characters at most, and gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="engine-", ignore_cleanup_errors=True) as folder,
        engine(Path(folder)) as running,
    ):
        yield running
