"""The one seam to HTTP: a request goes out, an answer of bounded size comes back."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import urlsplit

BODY_LIMIT = 32 * 1024 * 1024
"""Bytes of one answer, logs aside; a page of 100 instances has about 120 kB."""


class NoAnswer(Exception):
    """The connection failed or the answer broke off. `sent` is False when nothing ever left."""

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. `repeatable` ones change nothing, so they may be sent again."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    repeatable: bool = False

    def with_headers(self, headers: Mapping[str, str]) -> "Request":
        return replace(self, headers={**self.headers, **headers})

    @property
    def origin(self) -> tuple[str, str, int | None]:
        return origin(self.url)


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP answer; header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Streamed:
    """An open HTTP answer whose body comes in pieces."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Wire(Protocol):
    """Sends once, without following redirects. Raises NoAnswer."""

    async def send(self, request: Request) -> Response: ...

    def stream(self, request: Request) -> AbstractAsyncContextManager[Streamed]: ...


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or usual


def post_json(url: str, content: Mapping[str, object]) -> Request:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    return Request("POST", url, headers, json.dumps(content).encode())
