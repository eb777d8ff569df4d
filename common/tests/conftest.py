"""Shared by all tests of common."""

import os
import sys
from pathlib import Path

import pytest

# Fixture servers stand beside their tests, which importlib mode keeps off the path.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def rounds() -> int:
    """How often a randomised proof is repeated: a sample, or in full for `make proofs`."""
    return 200 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 5


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    """Each protocol era in turn."""
    return str(request.param)
