"""Shared by all tests of common."""

import sys
from pathlib import Path

import pytest

# Fixture servers stand beside their tests, which importlib mode keeps off the path.
sys.path.insert(0, str(Path(__file__).parent))

from approval_room import Clock, open_store  # after the path

from dragoman.elicitation.store import LocalApprovals  # after the path


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    """Each protocol era in turn."""
    return str(request.param)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test's approvals are kept; made on first use."""
    return tmp_path / "state" / "approvals.sqlite"


@pytest.fixture
def store(path: Path, clock: Clock) -> LocalApprovals:
    return open_store(path, clock)
