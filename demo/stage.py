"""What the demo runs on: the development issuer and the Spark server, as two real processes."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

from dragoman.cli.identity import development_token

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "servers/spark/tests/corpus"
_PATIENCE = 60
_TAKEN = "Port {} is taken (another `make up`?). Stop it and try again."


@dataclass(frozen=True)
class Stage:
    """Addresses of the running parts; `environment` makes the dragoman command speak to them."""

    issuer: str
    spark: str
    state: Path
    processes: Mapping[str, "subprocess.Popen[bytes]"]

    def ended(self) -> str:
        """The first part that has stopped by itself, with its exit code; empty while all run."""
        codes = {name: process.poll() for name, process in self.processes.items()}
        return next(
            (f"{name} (exit {code})" for name, code in codes.items() if code is not None), ""
        )

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "DRAGOMAN_STATE": str(self.state),
            "DRAGOMAN_URL": self.spark,
            "DRAGOMAN_ISSUERS": _issuers(self.issuer, self.spark),
        }

    def token(self, person: str) -> str:
        """A token of the development issuer for the Spark server."""
        return development_token(self.issuer, person, self.spark, "spark:read")


@contextmanager
def stage(issuer_port: int = 0, spark_port: int = 0) -> Generator[Stage]:
    """Both processes, ready; stopped and cleaned up on the way out."""
    issuer_port, spark_port = _port(issuer_port), _port(spark_port)
    with ExitStack() as stack:
        state = Path(stack.enter_context(TemporaryDirectory(prefix="dragoman-demo-")))
        issuer = f"http://127.0.0.1:{issuer_port}"
        spark = f"http://127.0.0.1:{spark_port}/mcp"
        signing = stack.enter_context(_process("issuer", "--port", str(issuer_port)))
        _await(f"{issuer}/.well-known/openid-configuration", signing, issuer_port)
        settings = {
            "DRAGOMAN_STATE": str(state),
            "DRAGOMAN_PORT": str(spark_port),
            "DRAGOMAN_ISSUERS": _issuers(issuer, spark),
            "DRAGOMAN_SPARK_ROOTS": json.dumps([{"name": "logs", "url": str(_logs(state))}]),
        }
        serving = stack.enter_context(_process("serve", "spark", settings=settings))
        _await(spark.replace("/mcp", "/readyz"), serving, spark_port)
        yield Stage(issuer, spark, state, {"issuer": signing, "spark": serving})


def _logs(state: Path) -> Path:
    """The recorded runs under names that give nothing away, and without their answers."""
    logs = state / "logs"
    for number, run in enumerate(sorted(path for path in CORPUS.iterdir() if path.is_dir())):
        answers = shutil.ignore_patterns("exit_code.txt", "truth.json")
        shutil.copytree(run, logs / f"run-{number:02}", ignore=answers)
    return logs


@contextmanager
def _process(
    *command: str, settings: Mapping[str, str] | None = None
) -> Generator["subprocess.Popen[bytes]"]:
    """A part of its own session: Ctrl-C reaches it through us alone, once."""
    clean = {name: value for name, value in os.environ.items() if "DRAGOMAN" not in name}
    process = subprocess.Popen(
        [sys.executable, "-m", "dragoman.cli", *command],
        env={**clean, **(settings or {})},
        stderr=subprocess.DEVNULL if command[0] == "issuer" else None,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def _await(url: str, process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(_TAKEN.format(port))
        try:
            if httpx2.get(url).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"{url} is not ready after {_PATIENCE} s")


def _issuers(issuer: str, spark: str) -> str:
    trusted = {"issuer": issuer, "audience": [spark], "jwks_uri": f"{issuer}/jwks.json"}
    return json.dumps([trusted])


def _port(wanted: int) -> int:
    """The wanted port, if nobody has it, or any free one for 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            raise SystemExit(_TAKEN.format(wanted)) from None
        return int(probe.getsockname()[1])
