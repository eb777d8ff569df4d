"""What the recorder wrote down is said again, byte for byte, and holds no token."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from dragoman_backends.recorder import recording, replaying

BODIES = {
    "/api/v2/dags?limit=2": b'{"dags": [], "total_entries": 0}',
    "/api/v2/log": '{"event":"größer"}\n'.encode(),
    "/api/v2/packed": b"\xff\xfe\x00",
}


class _Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = BODIES.get(self.path, b"nothing here")
        self.send_response(200 if self.path in BODIES else 404)
        self.send_header("Content-Type", self.headers.get("Accept", ""))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = b'{"access_token": "tell-nobody"}'
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's
        """Says nothing."""


@pytest.fixture
def api() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Api)
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("path", [*BODIES, "/api/v2/missing"])
def test_a_replay_answers_as_the_api_did(api: str, tmp_path: Path, path: str) -> None:
    asked = {"accept": "application/json"}
    with recording(api, tmp_path) as proxy:
        said = httpx2.get(proxy + path, headers=asked)

    with replaying(tmp_path) as replay:
        again = httpx2.get(replay + path, headers=asked)

    assert (again.status_code, again.content) == (said.status_code, said.content)
    assert again.headers["content-type"] == said.headers["content-type"] == "application/json"


def test_a_replay_tells_answers_of_different_forms_apart(api: str, tmp_path: Path) -> None:
    with recording(api, tmp_path) as proxy:
        httpx2.get(f"{proxy}/api/v2/log", headers={"accept": "application/x-ndjson"})

    with replaying(tmp_path) as replay:
        again = httpx2.get(f"{replay}/api/v2/log", headers={"accept": "application/json"})

    assert again.status_code == 404
    assert again.json() == {"detail": "not recorded: GET /api/v2/log"}


def test_a_token_is_handed_on_but_never_written_down(api: str, tmp_path: Path) -> None:
    with recording(api, tmp_path) as proxy:
        said = httpx2.post(f"{proxy}/auth/token", json={"username": "admin", "password": "x"})

    assert said.json() == {"access_token": "tell-nobody"}
    assert list(tmp_path.iterdir()) == []


def test_a_recording_holds_other_words_for_what_it_must_not_name(api: str, tmp_path: Path) -> None:
    with recording(api, tmp_path, {"größer": "larger"}) as proxy:
        said = httpx2.get(f"{proxy}/api/v2/log")

    with replaying(tmp_path) as replay:
        again = httpx2.get(f"{replay}/api/v2/log")

    assert said.text == '{"event":"größer"}\n'
    assert again.text == '{"event":"larger"}\n'
