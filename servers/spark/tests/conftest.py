"""The corpus as tests serve it: neutral names, without what was known from outside the logs."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dragoman_spark.sources import LogRoot, Sources

# Shared parts stand beside their tests, which importlib mode keeps off the path.
sys.path.insert(0, str(Path(__file__).parent))

from served_run import Run, Truth  # after the path

CORPUS = Path(__file__).parent / "corpus"
ANSWERS = ("truth.json", "exit_code.txt", "README.md")


@pytest.fixture(scope="session")
def truth() -> Mapping[str, Truth]:
    rows = json.loads((CORPUS / "truth.json").read_text())
    return {row["run"]: _truth(row["outcome"], row["root_cause"]) for row in rows}


@pytest.fixture(scope="session")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """Serves the corpus under neutral names and gives a run by its old one."""
    root = tmp_path_factory.mktemp("served")
    names = sorted(folder.name for folder in CORPUS.iterdir() if folder.is_dir())
    for number, name in enumerate(names):
        ignore = shutil.ignore_patterns(*ANSWERS)
        shutil.copytree(CORPUS / name, root / f"r{number:02}", ignore=ignore)
    sources = Sources([LogRoot("logs", f"file://{root}")])
    found = {one.files[0].name.split("/")[1]: one for one in sources.find(limit=100).found}

    def run(name: str) -> Run:
        return Run(found[f"r{names.index(name):02}"], sources)

    return run


def _truth(outcome: str, cause: str) -> Truth:
    ended = "succeeded" if outcome == "slow" else outcome
    known = {"failed": cause, "vanished": "vanished_cause_not_in_logs"}
    return Truth(ended, known.get(ended))
