"""Environments of programs that must not share the workspace's lock: built once, from locks."""

import os
import shutil
from pathlib import Path

from dragoman_backends.processes import BackendFailed, run

ROOT = Path(__file__).resolve().parents[3]
LOCKS = Path(__file__).parent / "locks"
PYTHON = ">=3.11,<3.13"


def environment(name: str) -> Path:
    """The folder of the environment `name`, as its lock file says; built when it is not there.

    The lock's text is kept inside, so that a changed lock builds it anew.
    """
    lock = LOCKS / f"{name}.txt"
    folder = ROOT / ".tools" / name
    built = folder / "lock.txt"
    if built.exists() and built.read_text() == lock.read_text():
        return folder
    uv = _uv()
    settings = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    fresh = folder.with_name(f"{name}.{os.getpid()}")
    run("uv venv", [uv, "venv", "-q", "--relocatable", fresh, "--python", PYTHON], settings)
    install = [uv, "pip", "install", "-q", "--no-deps", "--python", fresh / "bin/python", "-r"]
    run("uv pip install", [*install, lock], settings, seconds=600)
    (fresh / "lock.txt").write_text(lock.read_text())
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return folder


def _uv() -> Path:
    own = ROOT / ".tools/bin/uv"
    if found := str(own) if own.exists() else shutil.which("uv"):
        return Path(found)
    raise BackendFailed("uv is missing; `make help` fetches it into .tools")
