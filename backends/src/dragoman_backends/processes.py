"""Process groups that start for real, say why they did not, and never outlive who started them."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

MARK = "DRAGOMAN_BACKEND"
LOG_LINES = 15


class BackendFailed(RuntimeError):
    """A backend did not start, or died; the message ends with its last log lines."""


@dataclass(frozen=True)
class Started:
    """A running process of a backend, leader of its own session."""

    name: str
    child: subprocess.Popen[bytes]
    log: Path

    def last_lines(self) -> str:
        return tail(self.log)


@dataclass
class Processes:
    """What one backend started; leaving the block ends every process of it.

    They have `patience` seconds to end in order. A leash process ends them too when this
    process dies without leaving the block.
    """

    folder: Path
    patience: float = 8.0
    started: list[Started] = field(default_factory=list[Started])
    _mark: str = field(default_factory=lambda: secrets.token_hex(8))
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        leash = subprocess.Popen(
            [sys.executable, "-m", "dragoman_backends.leash", self._mark],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._stack.callback(_let_go, leash)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in reversed(self.started):
            signal_session(one.child.pid, signal.SIGTERM)
        end_marked(self._mark, {one.child.pid for one in self.started}, self.patience)
        for one in self.started:
            one.child.wait()
        self._stack.close()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> Started:
        """A process in a session of its own; its output goes to `<folder>/<name>.log`."""
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            child = subprocess.Popen(
                [str(part) for part in command],
                env={**(os.environ if environment is None else environment), MARK: self._mark},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
            )
        started = Started(name, child, log)
        self.started.append(started)
        return started

    def check(self) -> None:
        """Raises BackendFailed as soon as one of the processes has exited."""
        for one in self.started:
            if (code := one.child.poll()) is not None:
                raise BackendFailed(f"{one.name} exited with {code}:\n{one.last_lines()}")

    def wait(self, what: str, ready: Callable[[], bool], seconds: float) -> None:
        """Returns when `ready` does; fails at once when a process has exited, and in time."""
        until = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > until:
                said = "\n".join(f"--- {one.name}\n{one.last_lines()}" for one in self.started)
                raise BackendFailed(f"{what} is not ready after {seconds:.0f} s:\n{said}")
            time.sleep(0.2)


def run(
    name: str,
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
    seconds: float = 180,
) -> str:
    """What a command printed, once it succeeded."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            env=environment,
            user=user,
            cwd="/" if user else None,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise BackendFailed(f"{name} took longer than {seconds:.0f} s") from late
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-LOG_LINES:])
        raise BackendFailed(f"{name} exited with {done.returncode}:\n{said}")
    return done.stdout


def tail(log: Path, lines: int = LOG_LINES) -> str:
    if not log.exists():
        return "(no log)"
    with log.open("rb") as text:
        text.seek(max(0, log.stat().st_size - 32_768))
        return "\n".join(text.read().decode(errors="replace").splitlines()[-lines:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def signal_session(session: int, number: int) -> None:
    try:
        os.killpg(session, number)
    except ProcessLookupError:
        return


def end_marked(mark: str, sessions: set[int], patience: float) -> None:
    """Waits for the processes of a backend, then kills what is left of them.

    A process belongs to it by its session or by the mark in its environment: workers may leave
    the one, and rewrite the other.
    """
    until = time.monotonic() + patience
    while (left := _marked(mark, sessions)) and time.monotonic() < until:
        time.sleep(0.1)
    while left:
        for one in left:
            _kill(one)
        psutil.wait_procs(left, timeout=1)
        left = _marked(mark, sessions)


def _marked(mark: str, sessions: set[int]) -> list[psutil.Process]:
    return [one for one in psutil.process_iter() if _belongs(one, mark, sessions)]


def _belongs(one: psutil.Process, mark: str, sessions: set[int]) -> bool:
    try:
        if one.pid == os.getpid() or one.status() == psutil.STATUS_ZOMBIE:
            return False
        return os.getsid(one.pid) in sessions or one.environ().get(MARK) == mark
    except (psutil.Error, OSError):
        return False


def _kill(one: psutil.Process) -> None:
    try:
        one.kill()
    except psutil.NoSuchProcess:
        return


def _let_go(leash: subprocess.Popen[bytes]) -> None:
    if leash.stdin:
        leash.stdin.close()
    leash.wait()
