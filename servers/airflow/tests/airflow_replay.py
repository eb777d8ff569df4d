"""Exchanges with a real Airflow, recorded at the wire and played back in memory."""

import base64
import json
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import anyio
import anyio.lowlevel
from pydantic import SecretStr

from dragoman.auth.caller import Caller
from dragoman_airflow.api import Airflow
from dragoman_airflow.client import Connector
from dragoman_airflow.client.http import HttpWire
from dragoman_airflow.client.wire import Request, Response, Streamed, Wire
from dragoman_airflow.settings import Account, AirflowSettings, InstanceSetting

HOST = "http://airflow.example"
"""Where every recorded Airflow answers."""

PRIVATE = frozenset({"set-cookie", "date", "server"})


class Unrecorded(AssertionError):
    """A request that the recording has no answer to."""


class RecordingWire:
    """Sends for real and keeps every exchange; sign-ins are kept without what was secret."""

    def __init__(self, wire: Wire, replaced: Mapping[str, str]) -> None:
        self._wire = wire
        self._replaced = replaced
        self.exchanges: dict[str, list[Mapping[str, object]]] = {}

    async def send(self, request: Request) -> Response:
        answer = await self._wire.send(request)
        self._keep(request, answer.status, answer.headers, answer.body)
        return answer

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[Streamed]:
        async with self._wire.stream(request) as answer:
            body = b"".join([chunk async for chunk in answer.chunks])
            self._keep(request, answer.status, answer.headers, body)
            yield Streamed(answer.status, answer.headers, _chunks(body))

    def save(self, path: Path) -> None:
        content = json.dumps(self.exchanges, sort_keys=True).encode()
        path.write_bytes(zlib.compress(content, 9))

    def _keep(self, request: Request, status: int, headers: Mapping[str, str], body: bytes) -> None:
        if urlsplit(request.url).path == "/auth/token":
            body = b'{"access_token": "recorded"}'
        kept = {name: value for name, value in headers.items() if name not in PRIVATE}
        for real, neutral in self._replaced.items():
            body = body.replace(real.encode(), neutral.encode())
        exchange = {
            "status": status,
            "headers": {name: v for name, v in kept.items() if name != "content-length"},
            "body": base64.b64encode(body).decode(),
        }
        self.exchanges.setdefault(key_of(request), []).append(exchange)


class ReplayWire:
    """Answers as recorded: each request in the order of its answers, the last one for ever."""

    def __init__(self, path: Path) -> None:
        self._exchanges: dict[str, list[dict[str, object]]] = json.loads(
            zlib.decompress(path.read_bytes())
        )
        self.requests: list[Request] = []

    async def send(self, request: Request) -> Response:
        await anyio.lowlevel.checkpoint()
        self.requests.append(request)
        key = key_of(request)
        if key not in self._exchanges:
            raise Unrecorded(f"Nothing was recorded for {key}")
        answers = self._exchanges[key]
        said = answers.pop(0) if len(answers) > 1 else answers[0]
        headers = {str(k): str(v) for k, v in dict(said["headers"]).items()}  # type: ignore[call-overload]
        return Response(int(str(said["status"])), headers, base64.b64decode(str(said["body"])))

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[Streamed]:
        answer = await self.send(request)
        yield Streamed(answer.status, answer.headers, _chunks(answer.body))


def key_of(request: Request) -> str:
    """Method, path, sorted query, what is accepted, and body; times in a query are left out."""
    parts = urlsplit(request.url)
    query = sorted(
        (name, "" if name in {"after", "before"} or name.endswith(("_gte", "_lte")) else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    accept = request.headers.get("Accept", "")
    body = "" if parts.path == "/auth/token" else (request.body or b"").decode()
    return json.dumps([request.method, parts.path, query, accept, body])


async def replayed(path: Path, wire: ReplayWire | None = None, name: str = "prod") -> Airflow:
    """A recorded Airflow, opened; give the wire to look at its requests afterwards."""
    setting = InstanceSetting(name=name, url=HOST, account=Account(token=SecretStr("t")))
    used = wire or ReplayWire(path)
    connector = Connector(AirflowSettings(instances=(setting,)), lambda _: used)
    return await connector.open(setting, Caller(subject="alice"))


@asynccontextmanager
async def recording(
    url: str, user: tuple[str, str], path: Path, replaced: Mapping[str, str] | None = None
) -> AsyncGenerator[Airflow]:
    """A real Airflow whose answers are saved to `path` at the end.

    `replaced` are texts that are not to be kept, such as folders, and what stands for them.
    """
    username, password = user
    setting = InstanceSetting(
        name="prod", url=url, account=Account(username=username, password=SecretStr(password))
    )
    settings = AirflowSettings(instances=(setting,))
    http = HttpWire(settings, anyio.CapacityLimiter(settings.threads))
    wire = RecordingWire(http, {url.rstrip("/"): HOST, **(replaced or {})})
    connector = Connector(settings, lambda _: wire)
    yield await connector.open(setting, Caller(subject="alice"))
    wire.save(path)
    http.close()


async def _chunks(body: bytes, size: int = 8_192) -> AsyncIterator[bytes]:
    for begin in range(0, len(body), size):
        await anyio.lowlevel.checkpoint()
        yield body[begin : begin + size]
