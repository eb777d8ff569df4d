"""One running query: its pages as they come, and its end, whoever ends it."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Self, TypeVar

import anyio

from dragoman_presto.engine.address import next_address, with_target_size
from dragoman_presto.engine.errors import QueryForgotten, QueryTooSlow
from dragoman_presto.engine.pages import (
    Answer,
    Column,
    Page,
    Stats,
    Warned,
    raise_failure,
    read_answer,
    read_rows,
)
from dragoman_presto.engine.submit import Takes, Turns, again, end, submit, threaded
from dragoman_presto.engine.wire import Wire

T = TypeVar("T")

NO_LIMIT = 2**62
GRACE_SECONDS = 5.0


class Stopped(StrEnum):
    """Why a result is cut: what it was that there was more of."""

    ROWS = "rows"
    BYTES = "bytes"


@dataclass(frozen=True)
class Limits:
    """How far one query may go; `rows` and `bytes` cut the result, the others end the query.

    `bytes` counts the rows' JSON, `scan_bytes` raw input; `page_bytes` is a wish for the size of
    a page. What is None is as the coordinator's settings say, or unlimited.
    """

    rows: int | None = None
    bytes: int | None = None
    seconds: float | None = None
    scan_bytes: int | None = None
    page_bytes: int | None = None


@dataclass
class Statement:
    """A query in an `async with` block: leaving it ends the query, finished or not.

    `async for page in statement` gives a page after every answer, also without rows, so that
    progress can be told. Afterwards `stopped` says what cut the result, None for a whole one.
    Raises EngineFailure, QueryTooSlow and CoordinatorProblem; the rows before are then no result.
    """

    wire: Wire
    sql: str
    limits: Limits
    seconds: float
    turns: Turns
    takes: Takes
    query_id: str = ""
    columns: tuple[Column, ...] = ()
    stats: Stats = field(default_factory=Stats)
    warnings: list[Warned] = field(default_factory=list[Warned])
    update_type: str | None = None
    stopped: Stopped | None = None
    finished: bool = False
    rows: int = 0
    size: int = 0
    _address: str | None = None
    _answer: Answer | None = None
    _until: float = 0.0

    async def __aenter__(self) -> Self:
        self._until = time.monotonic() + self.seconds + min(self.seconds, GRACE_SECONDS)
        first = await self._within(lambda: submit(self.wire, self.sql, self.turns, self.takes))
        self._address = first.own_address
        try:
            self._take(first.body)
        except BaseException:
            await self.end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.end()

    async def __aiter__(self) -> AsyncGenerator[Page]:
        empty = 0
        while self._answer is not None:
            answer, self._answer = self._answer, None
            raise_failure(answer)
            page = self._page(answer)
            yield page
            if self.stopped:
                await self.end()
            elif not self.finished:
                empty = 0 if page.rows else empty + 1
                await self._advance(empty)

    async def end(self) -> None:
        """Ends the query in the engine unless it has ended; also while the task is cancelled."""
        address, self._address = self._address, None
        if address is not None:
            await end(lambda: self.wire.end(address), self.turns)

    async def _advance(self, empty: int) -> None:
        """Asks for the next page; slower when the coordinator keeps answering nothing at once."""
        address = with_target_size(self._address or "", self.limits.page_bytes)
        asked = time.monotonic()
        try:
            self._take(await self._within(lambda: self._get(address)))
        except QueryForgotten:
            self._address = None
            raise
        if empty > 3 and time.monotonic() - asked < 0.02:
            await anyio.sleep(min(0.01 * 2 ** (empty - 4), 0.25))

    async def _get(self, address: str) -> bytes:
        return await again(
            lambda: threaded(lambda: self.wire.page(address), self.turns.polling),
            self.wire.coordinator.retry_seconds,
        )

    async def _within(self, ask: Callable[[], Awaitable[T]]) -> T:
        try:
            with anyio.fail_after(max(0.0, self._until - time.monotonic())):
                return await ask()
        except TimeoutError as error:
            raise QueryTooSlow(
                f"Query {self.query_id or '(not yet accepted)'} was ended after "
                f"{self.seconds:.0f} s, in state {self.stats.state or 'unknown'}. Ask for less, "
                "e.g. fewer partitions, or give it more time."
            ) from error

    def _take(self, body: bytes) -> None:
        """Keeps what an answer says; its next address only if it may be followed."""
        coordinator = self.wire.coordinator
        answer = read_answer(body, coordinator.name)
        self.query_id = answer.id
        self.stats = answer.stats
        self.columns = answer.columns or self.columns
        self.update_type = answer.update_type or self.update_type
        self.warnings += [each for each in answer.warnings if each not in self.warnings]
        self.finished = answer.next_uri is None
        given = answer.next_uri
        self._address = next_address(coordinator, given, answer.id) if given else None
        self._answer = answer

    def _page(self, answer: Answer) -> Page:
        rows_left = (NO_LIMIT if self.limits.rows is None else self.limits.rows) - self.rows
        bytes_left = (NO_LIMIT if self.limits.bytes is None else self.limits.bytes) - self.size
        page, more = read_rows(answer, self.wire.coordinator.name, rows_left, bytes_left)
        self.rows += len(page.rows)
        self.size += page.size
        if more:
            self.stopped = Stopped.ROWS if len(page.rows) == rows_left else Stopped.BYTES
        return page
