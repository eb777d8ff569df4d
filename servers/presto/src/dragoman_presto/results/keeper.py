"""Pages each query on, so that Presto does not abandon it while nobody waits."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from msgspec.structs import replace

from dragoman.elicitation.proposal import Person
from dragoman.errors import DragomanError
from dragoman_presto.engine.connect import Engine
from dragoman_presto.engine.errors import EngineFailure
from dragoman_presto.engine.headers import Identity
from dragoman_presto.engine.pages import Column, Stats, Warned
from dragoman_presto.engine.statement import Limits, Statement
from dragoman_presto.results.handle import Handles
from dragoman_presto.results.store import BEAT_SECONDS, End, Head, ResultStore

T = TypeVar("T")
Row = list[Any]

_SWEEP_SECONDS = 60.0
_log = logging.getLogger(__name__)

IN_MEMORY_BYTES = 512 * 1024
"""A result up to this size touches the store only when a handle to it is given away."""


@dataclass
class Query:
    """One query that this replica pages, for the person who asked."""

    id: str
    owner: Person
    coordinator: str
    sql: str
    query_id: str = ""
    columns: tuple[Column, ...] = ()
    stats: Stats = field(default_factory=Stats)
    warnings: tuple[Warned, ...] = ()
    rows: int = 0
    bytes: int = 0
    end: End | None = None
    failure: DragomanError | None = None
    memory: list[Row] = field(default_factory=list[Row])
    """The first rows, also once all are in the store; `full` when it takes no more of them."""
    full: bool = False
    pages: int = 0
    stored: bool = False
    told: bool = False
    ended_at: float = 0.0
    turn: anyio.Lock = field(default_factory=anyio.Lock)
    changed: anyio.Event = field(default_factory=anyio.Event)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    @property
    def head(self) -> tuple[tuple[str, str], ...]:
        return tuple((column.name, column.type) for column in self.columns)

    async def news(self) -> None:
        """Returns when something has changed since."""
        await self.changed.wait()

    def tell(self) -> None:
        self.changed.set()
        self.changed = anyio.Event()


class Keeper:
    """The queries of one replica, and the store in which others find their results."""

    def __init__(self, store: ResultStore, handles: Handles, seconds: float) -> None:
        self.store = store
        self.handles = handles
        self.queries: dict[str, Query] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._seconds = seconds

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Keeper"]:
        """Keeps while entered; on the way out every query is ended in the engine."""
        sweeping = asyncio.create_task(self._sweep())
        try:
            yield self
        finally:
            sweeping.cancel()
            for query in list(self.queries.values()):
                query.scope.cancel()
            await asyncio.gather(sweeping, *self._tasks, return_exceptions=True)

    def start(
        self, engine: Engine, sql: str, identity: Identity, limits: Limits, owner: Person
    ) -> Query:
        """The query, begun: it goes on until it ends, is cancelled, or this server stops."""
        query = Query(self.handles.new_id(), owner, engine.coordinator.name, sql)
        self.queries[query.id] = query
        task = asyncio.create_task(self._keep(query, engine, identity, limits))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return query

    def of(self, owner: Person, name: str) -> Query | None:
        """The owner's query by result id or query id, where this replica pages it."""
        return next(
            (
                query
                for query in self.queries.values()
                if name in {query.id, query.query_id} and query.owner.key == owner.key
            ),
            None,
        )

    async def give_away(self, query: Query) -> str:
        """A handle by which every replica finds the result."""
        async with query.turn:
            if not query.stored:
                await self._store(query)
        return self.handles.seal(query.id, query.owner)

    async def cancel(self, query: Query) -> None:
        """Ends the query in the engine; returns once it has ended."""
        query.scope.cancel()
        while query.end is None:
            await query.news()

    async def _keep(self, query: Query, engine: Engine, identity: Identity, limits: Limits) -> None:
        end = End("cancelled", "it was cancelled")
        try:
            with query.scope:
                end = await self._paged(query, engine, identity, limits)
        except EngineFailure as failed:
            query.query_id = failed.query_id or query.query_id
            query.failure, end = failed, End("failed", failed.name)
        except DragomanError as wrong:
            query.failure, end = wrong, End("failed", str(wrong))
        except BaseException:
            end = End("failed", "this server had an unexpected fault")
            _log.exception("query %s is not paged any more", query.query_id or query.id)
            raise
        finally:
            with anyio.CancelScope(shield=True):
                await self._finish(query, replace(end, rows=query.rows, bytes=query.bytes))

    async def _paged(self, query: Query, engine: Engine, identity: Identity, limits: Limits) -> End:
        beaten = time.monotonic()
        async with engine.run(query.sql, identity, limits) as statement:
            _take(query, statement)
            query.tell()
            async for page in statement:
                _take(query, statement)
                async with query.turn:
                    await self._add(query, page.rows, page.size)
                if query.stored and time.monotonic() - beaten > BEAT_SECONDS:
                    beaten = time.monotonic()
                    await self._beat(query)
                query.tell()
            _take(query, statement)
        if statement.stopped:
            return End("cut", f"there are more {statement.stopped} than may be kept")
        return End("finished")

    async def _beat(self, query: Query) -> None:
        """Says that this replica is alive, and hears whether another was told to cancel."""
        await _threaded(partial(self.store.beat, query.id))
        if await _threaded(partial(self.store.is_unwanted, query.id)):
            query.scope.cancel()

    async def _add(self, query: Query, rows: list[Row], size: int) -> None:
        if query.stored and query.columns and not query.told:
            await self._head(query)
        if not rows:
            return
        if not query.stored and query.bytes + size > IN_MEMORY_BYTES:
            await self._store(query)
        if query.stored:
            await _threaded(partial(self.store.add, query.id, query.pages, rows))
            query.pages += 1
        if not query.full:
            room = max(0, IN_MEMORY_BYTES - query.bytes)
            query.memory += rows if size <= room else rows[: 1 + len(rows) * room // size]
            query.full = size > room
        query.rows += len(rows)
        query.bytes += size

    async def _store(self, query: Query) -> None:
        """Moves what is in memory into the store; from now on pages go there."""
        await self._head(query)
        if query.memory:
            await _threaded(partial(self.store.add, query.id, query.pages, query.memory))
            query.pages += 1
        query.stored = True
        if query.end is not None:
            await _threaded(partial(self.store.end, query.id, query.end))

    async def _head(self, query: Query) -> None:
        """Written again once the columns are known."""
        expires = time.time() + self._seconds
        head = Head(query.query_id, query.coordinator, query.sql, query.head, expires)
        await _threaded(partial(self.store.begin, query.id, head))
        query.told = bool(query.columns)

    async def _finish(self, query: Query, end: End) -> None:
        async with query.turn:
            query.end, query.ended_at = end, time.monotonic()
            try:
                if query.stored:
                    await _threaded(partial(self.store.end, query.id, end))
            except DragomanError as wrong:
                query.failure = query.failure or wrong
        query.tell()

    def forget(self, query: Query) -> None:
        """Lets go of an ended query whose rows were all given."""
        if query.end is not None:
            self.queries.pop(query.id, None)

    async def _sweep(self) -> None:
        while True:
            await anyio.sleep(_SWEEP_SECONDS)
            for query in list(self.queries.values()):
                age = time.monotonic() - query.ended_at if query.end is not None else 0.0
                if query.stored and age > _SWEEP_SECONDS:
                    query.memory.clear()
                if age > self._seconds:
                    self.forget(query)
            try:
                await _threaded(self.store.sweep)
            except DragomanError as wrong:
                _log.warning("results are not swept: %s", wrong)


def _take(query: Query, statement: Statement) -> None:
    query.query_id = statement.query_id
    query.columns = statement.columns
    query.stats = statement.stats
    query.warnings = tuple(statement.warnings)


async def _threaded(work: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(work)
