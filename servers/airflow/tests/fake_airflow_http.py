"""A fake Airflow 3 on a real socket, which misbehaves as it is told."""

import json
import socket
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

DAG = {"dag_id": "orders", "is_paused": False, "tags": [{"name": "sales"}], "owners": ["ops"]}
RUN = {"dag_id": "orders", "dag_run_id": "r1", "state": "failed", "run_type": "manual"}
INSTANCE = {
    "dag_id": "orders",
    "dag_run_id": "r1",
    "task_id": "load",
    "map_index": -1,
    "state": "failed",
    "try_number": 2,
    "max_tries": 1,
    "pool": "default_pool",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that arrived."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer. `drop`: the connection is closed without it; `chunks`: a long body."""

    status: int = 200
    content: object = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    drop: bool = False
    cut: int = 0
    """Bytes that are announced and never come."""
    chunks: Callable[[], Iterator[bytes]] | None = None

    @property
    def raw(self) -> bytes:
        return self.body if self.body is not None else json.dumps(self.content).encode()


Answer = Callable[[Asked], Said | None]


@dataclass(slots=True)
class Fake:
    """Where it answers, what it was asked, and what it says instead of the usual."""

    url: str
    asked: list[Asked] = field(default_factory=list[Asked])
    instead: Answer = lambda _: None
    written: int = 0
    """Bytes of long bodies that it could get rid of."""

    def paths(self, method: str = "GET") -> list[str]:
        return [one.path for one in self.asked if one.method == method]


def usual(asked: Asked) -> Said:
    """What a small, healthy Airflow 3 with one DAG, run and instance says."""
    known: dict[str, object] = {
        "/api/v2/version": {"version": "3.3.2"},
        "/api/v2/dags": {"dags": [DAG], "total_entries": 1},
        "/api/v2/dags/orders/details": DAG,
        "/api/v2/dags/orders/dagRuns/r1": RUN,
        "/api/v2/dags/orders/dagRuns": {
            "dag_runs": [RUN],
            "total_entries": 1,
            "next_cursor": None,
        },
        "/api/v2/dags/orders/dagRuns/r1/taskInstances/load": INSTANCE,
        "/api/v2/dags/orders/dagRuns/r1/taskInstances/load/tries": {
            "task_instances": [{**INSTANCE, "try_number": 1}, INSTANCE],
            "total_entries": 2,
        },
        "/api/v2/pools": {"pools": [{"name": "default_pool", "slots": 4}], "total_entries": 1},
    }
    if asked.path in known:
        return Said(content=known[asked.path])
    return Said(404, {"detail": f"SELECT * FROM secret_table: {asked.path}"})


@contextmanager
def serving() -> Generator[Fake]:
    """The fake, while it answers."""
    fake = Fake("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            asked = _asked(self)
            fake.asked.append(asked)
            _answer(self, fake, fake.instead(asked) or usual(asked))

        do_GET = do_POST = do_PATCH = do_PUT = handle_any  # noqa: N815 - the server's own names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            del format, args

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: object, client_address: object) -> None:
            del request, client_address  # readers that go away are part of the tests

    server = Server(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _asked(handler: BaseHTTPRequestHandler) -> Asked:
    parts = urlsplit(handler.path)
    length = int(handler.headers.get("Content-Length") or 0)
    return Asked(
        handler.command,
        unquote(parts.path),
        parse_qs(parts.query, keep_blank_values=True),
        {name.lower(): value for name, value in handler.headers.items()},
        handler.rfile.read(length),
    )


def _answer(handler: BaseHTTPRequestHandler, fake: Fake, said: Said) -> None:
    if said.drop:
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True
        return
    handler.send_response(said.status)
    for name, value in {"Content-Type": "application/json", **said.headers}.items():
        handler.send_header(name, value)
    if said.chunks is None:
        handler.send_header("Content-Length", str(len(said.raw) + said.cut))
        handler.end_headers()
        handler.wfile.write(said.raw)
        handler.close_connection = handler.close_connection or bool(said.cut)
        return
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for chunk in said.chunks():
        handler.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        fake.written += len(chunk)
    handler.wfile.write(b"0\r\n\r\n")
