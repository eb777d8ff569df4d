"""CPU seconds from nothing to readiness, for each installed server."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import psutil
from report import report

from dragoman.server import installed

ROUNDS = 5
CORPUS = Path(__file__).resolve().parent.parent / "servers/spark/tests/corpus"
SETTINGS = {"spark": {"DRAGOMAN_SPARK_ROOTS": json.dumps([{"name": "corpus", "url": str(CORPUS)}])}}
PORT = 18931


def started(server: str) -> float:
    """CPU seconds of a server process when /readyz first answers 200."""
    with tempfile.TemporaryDirectory() as state:
        clean = {name: value for name, value in os.environ.items() if "DRAGOMAN" not in name}
        settings = {
            "DRAGOMAN_STATE": state,
            "DRAGOMAN_PORT": str(PORT),
            "DRAGOMAN_TRUST_DOMAIN": "example.org",
            **SETTINGS[server],
        }
        command = [sys.executable, "-m", "dragoman.cli", "serve", server]
        process = subprocess.Popen(command, env={**clean, **settings})
        try:
            while not ready():
                assert process.poll() is None, "the server ended before it was ready"
                time.sleep(0.05)
            times = psutil.Process(process.pid).cpu_times()
            return times.user + times.system
        finally:
            process.terminate()
            process.wait()


def ready() -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{PORT}/readyz").status_code == 200
    except httpx2.TransportError:
        return False


def main() -> None:
    by_server = {
        name: round(statistics.median(started(name) for _ in range(ROUNDS)), 2)
        for name in installed()
    }
    report("server_start", "mcp", cpu_s=max(by_server.values()), **by_server)


if __name__ == "__main__":
    main()
