"""A reverse proxy that writes down what an API answered, and a server that says it again."""

import base64
import hashlib
import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import httpx2

HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "date", "server"}
SENT = ("accept", "authorization", "content-type")
FORGOTTEN = ("/auth/token",)
"""Paths whose answers are secrets: never written down; the replay invents one."""


@dataclass(frozen=True)
class Said:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Speaker(Protocol):
    """Answers a request given as method, path with query, headers in small letters, and body."""

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Said: ...


@dataclass(frozen=True)
class Recorder:
    """Passes everything on to `target` and keeps each GET answer as a file of `folder`.

    Texts of `instead`, such as paths of this machine, are replaced in what is kept.
    """

    target: str
    folder: Path
    http: httpx2.Client
    instead: Mapping[str, str]

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Said:
        passed = {name: headers[name] for name in SENT if name in headers}
        said = self.http.request(method, self.target + path, headers=passed, content=body)
        kept = {name: value for name, value in said.headers.items() if name not in HOP}
        answer = Said(said.status_code, kept, said.content)
        if method == "GET" and not path.startswith(FORGOTTEN):
            _write(self.folder, path, headers.get("accept", ""), self._hidden(answer))
        return answer

    def _hidden(self, answer: Said) -> Said:
        body = answer.body
        for text, other in self.instead.items():
            body = body.replace(text.encode(), other.encode())
        return Said(answer.status, answer.headers, body)


@dataclass(frozen=True)
class Replay:
    """Says what a recording holds; 404 with a word about it for what it does not."""

    folder: Path

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Said:
        del body
        if path.startswith(FORGOTTEN):
            return _json(201, {"access_token": "recorded"})
        file = self.folder / _name(path, headers.get("accept", ""))
        if method != "GET" or not file.exists():
            return _json(404, {"detail": f"not recorded: {method} {path}"})
        kept: dict[str, Any] = json.loads(file.read_text())
        packed: str | None = kept["packed"]
        text = base64.b64decode(packed) if packed else kept["text"].encode()
        return Said(kept["status"], kept["headers"], text)


@contextmanager
def recording(
    target: str, folder: Path, instead: Mapping[str, str] | None = None
) -> Generator[str]:
    """The address of a proxy before `target` that records into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with httpx2.Client(timeout=120) as http:
        recorder = Recorder(target, folder, http, instead or {})
        with _serving(recorder) as address:
            yield address


@contextmanager
def replaying(folder: Path) -> Generator[str]:
    """The address of a server that answers as recorded in `folder`."""
    with _serving(Replay(folder)) as address:
        yield address


def _write(folder: Path, path: str, accept: str, answer: Said) -> None:
    try:
        text, packed = answer.body.decode(), None
    except UnicodeDecodeError:
        text, packed = None, base64.b64encode(answer.body).decode()
    record = {
        "path": path,
        "accept": accept,
        "status": answer.status,
        "headers": dict(answer.headers),
        "text": text,
        "packed": packed,
    }
    (folder / _name(path, accept)).write_text(json.dumps(record, indent=1) + "\n")


def _name(path: str, accept: str) -> str:
    return hashlib.sha256(f"{path}\n{accept}".encode()).hexdigest()[:24] + ".json"


def _json(status: int, value: Mapping[str, str]) -> Said:
    return Said(status, {"content-type": "application/json"}, json.dumps(value).encode())


@contextmanager
def _serving(speaker: Speaker) -> Generator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass_on()

        do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815  # the base class's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            """Says nothing."""

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = speaker.answer(self.command, self.path, headers, body)
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
