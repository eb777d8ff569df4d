"""Real server processes: stopped, killed, started twice, and asked from the command line."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import httpx2
import pytest
import uvicorn
from harbour_http import CAPTAIN, call

from dragoman.auth.issuer import DevelopmentIssuer
from dragoman.auth.issuer_app import issuer_app
from dragoman.telemetry.read import records
from dragoman.telemetry.verify import verify

HARBOUR = Path(__file__).parent / "harbour.py"
PATIENCE = 30.0


@dataclass(frozen=True)
class Town:
    """An issuer that listens, and where a server would."""

    issuer: DevelopmentIssuer
    state: Path
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    @property
    def environment(self) -> Mapping[str, str]:
        clean = {name: value for name, value in os.environ.items() if "DRAGOMAN" not in name}
        issuers = [self.issuer.trusted_for(self.address).model_dump(mode="json")]
        return clean | {
            "DRAGOMAN_STATE": str(self.state),
            "DRAGOMAN_PORT": str(self.port),
            "DRAGOMAN_ISSUERS": json.dumps(issuers),
            "DRAGOMAN_DRAIN_SECONDS": "2.5",
        }

    @property
    def journal(self) -> Path:
        return self.state / "audit" / "harbour" / "local"

    def bearer(self, subject: str = "alice") -> dict[str, str]:
        claims = {"sub": subject, "aud": self.address, "scope": "harbour:read harbour:write"}
        return {"authorization": f"Bearer {self.issuer.sign(claims | CAPTAIN)}"}

    @contextmanager
    def serving(self) -> Generator[subprocess.Popen[str]]:
        told = json.dumps({"acts": str(self.state / "acts")})
        process = subprocess.Popen(
            [sys.executable, str(HARBOUR), told],
            env=self.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            until(lambda: self.ready() == 200, process)
            yield process
        finally:
            process.kill()
            process.communicate()

    def ready(self) -> int:
        try:
            return httpx2.get(self.address.replace("/mcp", "/readyz")).status_code
        except httpx2.TransportError:
            return 0

    def post(self, tool: str, arguments: object = None) -> httpx2.Response:
        request = call(tool, arguments)
        headers = request["headers"] | self.bearer()
        return httpx2.post(self.address, json=request["json"], headers=headers, timeout=PATIENCE)


def until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            pytest.fail(f"the server did not get there: {process.communicate()[1]}")
        Event().wait(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def issuer() -> Generator[DevelopmentIssuer]:
    port = free_port()
    made = DevelopmentIssuer(f"http://127.0.0.1:{port}", environment={})
    config = uvicorn.Config(issuer_app(made), port=port, log_level="warning", ws="none")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    yield made
    server.should_exit = True
    thread.join()


@pytest.fixture
def town(issuer: DevelopmentIssuer, tmp_path: Path) -> Town:
    return Town(issuer, tmp_path, free_port())


def test_sigterm_makes_it_unready_lets_calls_end_and_cancels_what_outlives_the_drain(
    town: Town,
) -> None:
    answers: list[httpx2.Response] = []
    stopped: list[httpx2.Response] = []
    with town.serving() as process:
        ending = Thread(target=lambda: answers.append(town.post("wait_a_second")))
        endless = Thread(target=lambda: stopped.append(town.post("wait_for_tide")))
        ending.start()
        endless.start()
        until(lambda: {"wait_a_second", "wait_for_tide"} <= running(town), process)

        process.send_signal(signal.SIGTERM)
        until(lambda: town.ready() == 503, process)
        ending.join()
        endless.join()
        _, told = process.communicate(timeout=PATIENCE)

    ends = [stored.record for stored in records(town.journal) if stored.record.result]
    assert answers[0].json()["result"]["structuredContent"] == {"done": "waited"}
    assert "cancelled wait_for_tide" in stopped[0].text
    assert [(record.tool, record.result) for record in ends] == [
        ("wait_a_second", "success"),
        ("wait_for_tide", "cancelled"),
    ]
    assert (process.returncode, told) == (0, "")
    assert verify(town.journal).ok


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_kill_under_load_leaves_a_journal_that_verifies_and_every_write_its_intent(
    town: Town, rounds: int
) -> None:
    seeded = random.Random(7)
    acts_file = town.state / "acts"
    for number in range(rounds if rounds > 5 else 1):
        enough = 5 * (number + 1)
        with town.serving() as process:
            load = [Thread(target=notes, args=(town, process, each)) for each in range(4)]
            for each in load:
                each.start()
            until(lambda: done(acts_file) > enough, process)  # noqa: B023  # called at once
            Event().wait(seeded.uniform(0.0, 0.3))
            process.send_signal(signal.SIGKILL)
            for each in load:
                each.join()
        assert verify(town.journal).ok

    acts = acts_file.read_text().splitlines()
    intents = {
        json.loads(stored.record.arguments)["note"]
        for stored in records(town.journal)
        if stored.record.kind == "intent"
    }
    assert len(acts) > 5
    assert [act for act in acts if act.removeprefix("note ") not in intents] == []


def test_command_line_calls_tools_and_a_dropped_connection_ends_one(town: Town) -> None:
    token = town.bearer()["authorization"].removeprefix("Bearer ")
    told = {**town.environment, "DRAGOMAN_URL": town.address, "DRAGOMAN_TOKEN": token}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dragoman.cli", *command],
            env=told,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )

    with town.serving() as process:
        listed = run("tools", "--json")
        refused = run("call", "move_ship", "ship=Erna")
        request = call("wait_for_tide")
        headers = request["headers"] | town.bearer()
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.post(town.address, json=request["json"], headers=headers, timeout=1)
        until(lambda: "cancelled" in written(town), process)

    assert "find_ships" in {tool["name"] for tool in json.loads(listed.stdout)}
    assert (listed.returncode, refused.returncode) == (0, 1)
    assert "dragoman approvals approve" in refused.stdout


def written(town: Town) -> str:
    return "".join(file.read_text() for file in sorted(town.journal.glob("*.jsonl")))


def running(town: Town) -> set[str]:
    return {stored.record.tool for stored in records(town.journal)}


def done(acts_file: Path) -> int:
    return len(acts_file.read_text().splitlines()) if acts_file.exists() else 0


def notes(town: Town, process: subprocess.Popen[str], worker: int) -> None:
    number = 0
    while process.poll() is None:
        number += 1
        try:
            town.post("save_note", {"note": f"{process.pid}-{worker}-{number}"})
        except httpx2.TransportError:
            return
