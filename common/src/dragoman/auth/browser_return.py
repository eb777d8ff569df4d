"""The loopback address to which a browser returns at the end of a sign-in (RFC 8252)."""

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

Parameters = Mapping[str, str]

_LINE = 16_384
_SECONDS = 5.0
_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
    "<body style='font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto'>"
    "<h1>{title}</h1><p>{text}</p>"
)


class BrowserReturn:
    """Listens on a free port of 127.0.0.1 while entered, for one answer that `ours` accepts.

    Every other request is refused and changes nothing, so that no page or program that guesses
    the port can end the sign-in.
    """

    def __init__(self, ours: Callable[[Parameters], bool]) -> None:
        self._ours = ours
        self._said: asyncio.Future[Parameters] = asyncio.get_running_loop().create_future()
        self._server: asyncio.Server | None = None

    @property
    def uri(self) -> str:
        if self._server is None:
            raise RuntimeError("enter it first")
        port: int = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/callback"

    async def parameters(self) -> Parameters:
        """What the browser brought back."""
        return await self._said

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0, limit=_LINE)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                said = _parameters(await _request_line(reader))
                fits = not self._said.done() and said is not None and self._ours(said)
                writer.write(_page(fits=fits))
                await writer.drain()
            if fits and said is not None and not self._said.done():
                self._said.set_result(said)
        except (TimeoutError, ConnectionError, ValueError):
            return
        finally:
            writer.close()


async def _request_line(reader: asyncio.StreamReader) -> str:
    """The first line; raises ValueError when a line is too long."""
    # The headers are read, too: a browser that is cut off while it sends shows an error.
    first = await reader.readline()
    for _ in range(100):
        if await reader.readline() in {b"\r\n", b"\n", b""}:
            break
    return first.decode("latin-1")


def _parameters(line: str) -> Parameters | None:
    method, _, rest = line.partition(" ")
    target = urlsplit(rest.partition(" ")[0])
    if method != "GET" or target.path != "/callback":
        return None
    pairs = parse_qsl(target.query, keep_blank_values=True, max_num_fields=50)
    said = dict(pairs)
    return said if len(said) == len(pairs) else None


def _page(*, fits: bool) -> bytes:
    title = "You can close this page" if fits else "Not expected here"
    text = (
        "Go back to the terminal: it says how the sign-in ended."
        if fits
        else "This address takes one answer of one sign-in. Nothing was changed."
    )
    body = _PAGE.format(title=title, text=text).encode()
    head = (
        f"HTTP/1.1 {'200 OK' if fits else '400 Bad Request'}\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
