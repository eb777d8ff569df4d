"""A deterministic fake of a Presto coordinator, for faults that a real one cannot be made to show.

It keeps the protocol's promises: a query starts at its first poll, slugs are checked, ids may be
minted by the client where `takes_minted` says so.
"""

import json
import re
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

PROPERTIES = ("query_max_run_time", "query_max_execution_time", "query_max_scan_raw_input_bytes")
PATH = re.compile(r"/v1/statement/(?:(?:queued|executing)/)?([a-z0-9_]+)(?:/\d+)?\?slug=(\w+)")


@dataclass(frozen=True)
class Turn:
    """How one request is answered; by default with a page without rows."""

    rows: Sequence[Sequence[Any]] | None = None
    state: str = "RUNNING"
    status: int = 200
    error: Mapping[str, Any] | None = None
    warnings: Sequence[str] = ()
    next_uri: str | None = None
    raw: bytes | None = None
    kind: str = "application/json"
    location: str = ""
    drop: bool = False
    until: threading.Event | None = None


@dataclass
class Script:
    """The answers to the polls of one statement, in order; `forever` is then repeated."""

    turns: Sequence[Turn] = ()
    columns: Sequence[tuple[str, str]] = (("x", "bigint"),)
    submissions: Sequence[Turn] = ()
    forever: Turn | None = None


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str
    at: float = field(default_factory=time.time)


@dataclass
class Query:
    query_id: str
    slug: str
    sql: str
    turns: deque[Turn]
    script: Script
    token: int = 1


def failure(name: str, kind: str = "USER_ERROR", message: str = "no", line: int = 0) -> Turn:
    """The turn in which a query fails, inside an answer with status 200."""
    place = {"errorLocation": {"lineNumber": line, "columnNumber": 7}} if line else {}
    error = {"message": message, "errorName": name, "errorType": kind, "errorCode": 1, **place}
    return Turn(state="FAILED", error=error)


AWAY = Turn(status=503, raw=b"<html>secret upstream text</html>", kind="text/html")
BROKEN = Turn(status=502, raw=b"<html>secret upstream text</html>", kind="text/html")
DROPPED = Turn(drop=True)
QUEUED = Turn(state="QUEUED")
SESSION = Script([Turn([[name, "", "", "", ""] for name in PROPERTIES])], [("Name", "varchar")])


@dataclass
class FakeCoordinator:
    """Serves `scripts` by SQL on loopback; `seen`, `started` and `ended` say what happened."""

    scripts: dict[str, Script]
    takes_minted: bool = True
    infos: dict[str, Turn] = field(default_factory=dict[str, Turn])
    seen: list[Seen] = field(default_factory=list[Seen])
    started: list[str] = field(default_factory=list[str])
    ended: list[str] = field(default_factory=list[str])
    submitted: threading.Event = field(default_factory=threading.Event)
    ending: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.queries: dict[str, Query] = {}
        self._submissions: dict[str, deque[Turn]] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def of(self, method: str, sql: str = "") -> list[Seen]:
        """Requests of one method; with `sql`, submissions of that statement alone."""
        chosen = [each for each in self.seen if each.method == method]
        return [each for each in chosen if each.body == sql] if sql else chosen

    def ids(self, sql: str) -> list[str]:
        """The queries of a statement, run or not."""
        return [query.query_id for query in self.queries.values() if query.sql == sql]

    def turn(self, seen: Seen) -> tuple[Turn, Query | None]:
        with self._lock:
            self.seen.append(seen)
            if seen.method in {"POST", "PUT"}:
                return self._submitted(seen)
            if seen.path.startswith("/v1/query/"):
                return self.infos.get(seen.path.rsplit("/", 1)[1], Turn(status=410, raw=b"")), None
            return self._polled(seen)

    def _submitted(self, seen: Seen) -> tuple[Turn, Query | None]:
        path = PATH.fullmatch(seen.path)
        if seen.method == "PUT" and not self.takes_minted:
            return Turn(status=404, raw=b""), None
        script = SESSION if seen.body == "SHOW SESSION" else self.scripts[seen.body]
        waiting = self._submissions.setdefault(seen.body, deque(script.submissions))
        first = waiting.popleft() if waiting else QUEUED
        number = len(self.queries)
        query_id = path[1] if path else f"20261125_000000_{number:05}_fakes"
        slug = path[2] if path else f"xslug{query_id}"
        new = Query(query_id, slug, seen.body, deque(script.turns), script)
        if seen.body != "SHOW SESSION":
            self.submitted.set()
        return first, self.queries.setdefault(query_id, new)

    def _polled(self, seen: Seen) -> tuple[Turn, Query | None]:
        path = PATH.fullmatch(seen.path.partition("&")[0])
        query = self.queries.get(path[1]) if path else None
        if path is None or query is None or query.slug != path[2]:
            return Turn(status=404, raw=b""), None
        if seen.method == "DELETE":
            self.ended.append(query.query_id)
            self.ending.set()
            return Turn(status=204, raw=b""), query
        self.started += [] if query.query_id in self.started else [query.query_id]
        return (query.turns.popleft() if query.turns else query.script.forever or Turn()), query

    def body(self, turn: Turn, query: Query) -> bytes:
        """The envelope of a page, with a next address while there are turns left."""
        more = query.turns or query.script.forever or query.query_id not in self.started
        query.token += 1
        step = "executing" if query.query_id in self.started else "queued"
        path = f"/v1/statement/{step}/{query.query_id}/{query.token}?slug={query.slug}"
        ended = turn.error is not None or not more
        answer = {
            "id": query.query_id,
            "infoUri": f"{self.url}/ui/query.html?{query.query_id}",
            "nextUri": turn.next_uri or (None if ended else f"{self.url}{path}"),
            "columns": [{"name": name, "type": kind} for name, kind in query.script.columns],
            "data": turn.rows,
            "stats": {"state": "FINISHED" if ended and not turn.error else turn.state},
            "error": turn.error,
            "warnings": [
                {"message": text, "warningCode": {"code": 1, "name": "SOMETHING"}}
                for text in turn.warnings
            ],
        }
        shown = {name: value for name, value in answer.items() if value is not None}
        return json.dumps(shown).encode()


def _handler(fake: FakeCoordinator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its parent's name)
            """Nothing: tests read `seen`."""

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            seen = Seen(self.command, self.path, dict(self.headers), body)
            turn, query = fake.turn(seen)
            if turn.until:
                turn.until.wait(20)
            if turn.drop:
                self.close_connection = True
                return
            said = turn.raw if turn.raw is not None else fake.body(turn, query) if query else b""
            self.send_response(turn.status)
            self.send_header("Content-Type", turn.kind)
            self.send_header("Content-Length", str(len(said)))
            if turn.location:
                self.send_header("Location", turn.location)
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 (names of the protocol)

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:
                self.close_connection = True

    return Handler
