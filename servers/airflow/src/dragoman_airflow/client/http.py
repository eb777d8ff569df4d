"""HTTP over urllib3, in threads: explicit timeouts, nothing repeated, nothing followed."""

import contextlib
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import anyio.to_thread
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from dragoman_airflow.client.wire import BODY_LIMIT, NoAnswer, Request, Response, Streamed
from dragoman_airflow.settings import AirflowSettings

R = TypeVar("R")

READ = 64 * 1024
CHUNK = 256 * 1024
"""Bytes of a log handed over at once; no more than one such piece waits for its reader."""
CHUNK_SECONDS = 0.1
"""A slow log is handed over as it comes, not when a chunk is full."""


class HttpWire:
    """One pool of connections to one Airflow."""

    def __init__(
        self, settings: AirflowSettings, limiter: anyio.CapacityLimiter, ca_file: str = ""
    ) -> None:
        self._limiter = limiter
        self._seconds = settings.read_seconds
        self._pool = urllib3.PoolManager(
            maxsize=settings.threads,
            timeout=urllib3.Timeout(connect=settings.connect_seconds, read=settings.read_seconds),
            retries=False,
            ssl_context=ssl.create_default_context(cafile=ca_file or None),
        )

    async def send(self, request: Request) -> Response:
        return await self._run(lambda: self._exchange(request))

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[Streamed]:
        opened = await self._run(lambda: self._open(request))
        try:
            yield Streamed(opened.status, _headers(opened), self._chunks(opened))
        finally:
            # A thread may still wait for bytes: shutting the socket wakes it.
            with contextlib.suppress(HTTPError, OSError, RuntimeError, ValueError):
                opened.shutdown()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(_let_go, opened)

    def close(self) -> None:
        self._pool.clear()

    async def _run(self, work: Callable[[], R]) -> R:
        return await anyio.to_thread.run_sync(work, limiter=self._limiter, abandon_on_cancel=True)

    async def _chunks(self, opened: urllib3.BaseHTTPResponse) -> AsyncIterator[bytes]:
        while chunk := await self._run(lambda: _gather(opened)):
            yield chunk

    def _exchange(self, request: Request) -> Response:
        opened = self._open(request)
        try:
            body = _read(opened, time.monotonic() + self._seconds)
        finally:
            _let_go(opened)
        return Response(opened.status, _headers(opened), body)

    def _open(self, request: Request) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(
                request.method,
                request.url,
                body=request.body,
                headers=dict(request.headers),
                preload_content=False,
                redirect=False,
            )
        except (HTTPError, OSError) as error:
            raise _named(error) from None


def _read(opened: urllib3.BaseHTTPResponse, until: float) -> bytes:
    body = bytearray()
    while chunk := _read_some(opened):
        body += chunk
        if len(body) > BODY_LIMIT:
            raise NoAnswer(f"its answer is larger than {BODY_LIMIT // 2**20} MiB")
        if time.monotonic() > until:
            raise NoAnswer("its answer came too slowly")
    return bytes(body)


def _gather(opened: urllib3.BaseHTTPResponse) -> bytes:
    gathered = bytearray()
    until = time.monotonic() + CHUNK_SECONDS
    while chunk := _read_some(opened):
        gathered += chunk
        if len(gathered) >= CHUNK or time.monotonic() > until:
            break
    return bytes(gathered)


def _read_some(opened: urllib3.BaseHTTPResponse) -> bytes:
    try:
        return opened.read1(READ)
    except (HTTPError, OSError) as error:
        raise _named(error) from None


def _let_go(opened: urllib3.BaseHTTPResponse) -> None:
    """The connection went back to the pool if all was read; else it is closed."""
    with contextlib.suppress(HTTPError, OSError):
        opened.close()


def _headers(opened: urllib3.BaseHTTPResponse) -> Mapping[str, str]:
    return {name.lower(): value for name, value in opened.headers.items()}


def _named(error: HTTPError | OSError) -> NoAnswer:
    match error:
        case SSLError() | ssl.SSLError():
            return NoAnswer("its certificate is not trusted here", sent=False)
        case ConnectTimeoutError():
            return NoAnswer("no connection in time", sent=False)
        case NewConnectionError() | LocationParseError():
            return NoAnswer("no connection", sent=False)
        case ReadTimeoutError() | TimeoutError():
            return NoAnswer("no answer in time")
        case _:
            return NoAnswer("the connection broke off")
