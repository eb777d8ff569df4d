"""Shared by all tests of the Airflow server."""

import os
import sys
from pathlib import Path

import pytest

# Shared parts stand beside their tests, which importlib mode keeps off the path.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def rounds() -> int:
    """How often a randomised proof is repeated: a sample, or in full for `make proofs`."""
    return 500 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 20
