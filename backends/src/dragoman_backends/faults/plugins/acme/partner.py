"""The partner's web service, played by a server of this very process."""

import json
import logging
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

log = logging.getLogger("acme.partner")

ANSWERS = {
    "/feed/token": (401, "Unauthorized"),
    "/feed/payroll": (403, "Forbidden"),
    "/feed/2026-11-09": (404, "Not Found"),
    "/feed/orders": (500, "Internal Server Error"),
}


class _Partner(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # the base class's name
        status, words = ANSWERS[self.path]
        self.send_response(status, words)
        self.end_headers()
        self.wfile.write(json.dumps({"error": words}).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Says nothing: a partner's own log is not in ours."""


def pull(path: str) -> bytes:
    """What the partner answers under a path."""
    with _partner() as address:
        log.info("pulling %s from the partner", path)
        with urllib.request.urlopen(f"{address}{path}", timeout=10) as answer:  # noqa: S310  # http
            return bytes(answer.read())


def connect() -> None:
    """A connection to the partner's feed, whose address answers no more."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log.info("connecting to the feed on port %d", port)
    socket.create_connection(("127.0.0.1", port), timeout=5).close()


@contextmanager
def _partner() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Partner)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
