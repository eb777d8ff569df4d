"""A backend that does not start or dies says so at once, and nothing outlives its starter."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from dragoman_backends.processes import BackendFailed, Processes, run

STARTER = """
import sys, time
from pathlib import Path
from dragoman_backends.processes import Processes
with Processes(Path(sys.argv[1])) as group:
    group.start("sleeper", ["sh", "-c", "setsid sleep 300 & echo $! > pid; wait"])
    time.sleep(300)
"""


def _wait_for(ready: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not ready():
        assert time.monotonic() < until
        time.sleep(0.05)


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _pid(folder: Path) -> int:
    written = folder / "pid"
    _wait_for(lambda: written.exists() and written.read_text().strip() != "")
    return int(written.read_text())


def test_wait_fails_with_the_last_log_lines_when_a_process_has_exited(tmp_path: Path) -> None:
    with Processes(tmp_path) as group:
        group.start("server", ["sh", "-c", "echo port 80 is taken; exit 7"])

        with pytest.raises(BackendFailed, match="server exited with 7:\nport 80 is taken"):
            group.wait("the server", lambda: False, seconds=20)


def test_wait_fails_with_the_last_log_lines_when_nothing_is_ready_in_time(tmp_path: Path) -> None:
    with Processes(tmp_path) as group:
        group.start("server", ["sh", "-c", "echo still warming up; exec sleep 300"])
        _wait_for(lambda: (tmp_path / "server.log").read_text() != "")

        with pytest.raises(BackendFailed, match=r"not ready after 0 s:\n.*\nstill warming up"):
            group.wait("the server", lambda: False, seconds=0.3)


def test_check_turns_red_when_a_backend_dies_later(tmp_path: Path) -> None:
    with Processes(tmp_path) as group:
        server = group.start("server", ["sh", "-c", "echo serving; exec sleep 300"])
        group.wait("server", lambda: "serving" in server.last_lines(), seconds=20)

        server.child.kill()
        server.child.wait()

        with pytest.raises(BackendFailed, match="server exited with -9:\nserving"):
            group.check()


def test_leaving_ends_workers_that_left_the_session(tmp_path: Path) -> None:
    with Processes(tmp_path) as group:
        group.start("server", ["sh", "-c", "setsid sleep 300 & echo $! > pid; wait"])
        worker = _pid(tmp_path)
        assert not _gone(worker)

    assert _gone(worker)


def test_leaving_ends_workers_that_rewrote_their_environment(tmp_path: Path) -> None:
    with Processes(tmp_path) as group:
        group.start("server", ["sh", "-c", "env -i /bin/sleep 300 & echo $! > pid; wait"])
        worker = _pid(tmp_path)
        assert not _gone(worker)

    assert _gone(worker)


def test_leaving_ends_a_process_that_ignores_the_polite_signal(tmp_path: Path) -> None:
    with Processes(tmp_path, patience=0.5) as group:
        group.start(
            "server", ["sh", "-c", "trap '' TERM; echo $$ > pid; while :; do sleep 1; done"]
        )
        server = _pid(tmp_path)

    assert _gone(server)


def test_backends_end_when_their_starter_is_killed(tmp_path: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path)])
    worker = _pid(tmp_path)

    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()

    _wait_for(lambda: _gone(worker))
    assert _gone(worker)


def test_run_fails_with_what_the_command_said() -> None:
    with pytest.raises(BackendFailed, match="the step exited with 3:\nno such table"):
        run("the step", ["sh", "-c", "echo no such table >&2; exit 3"])


def test_run_fails_when_the_command_takes_too_long() -> None:
    with pytest.raises(BackendFailed, match="the step took longer than 0 s"):
        run("the step", ["sleep", "300"], seconds=0.2)
