"""A coordinator ready to be asked: its connections, threads, and what it turned out to know."""

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
from requests.adapters import HTTPAdapter

from dragoman_presto.engine.errors import EngineFailure
from dragoman_presto.engine.headers import Identity, session
from dragoman_presto.engine.info import QueryInfo, read_info, read_version
from dragoman_presto.engine.pages import Column, Stats, Warned
from dragoman_presto.engine.statement import Limits, Statement, Stopped
from dragoman_presto.engine.submit import Takes, Turns
from dragoman_presto.engine.wire import Wire
from dragoman_presto.settings import Coordinator

KNOWN_SECONDS = 600.0
UNLIMITED = Limits()


@dataclass(frozen=True)
class Result:
    """A result that was read to its end, or to a limit; `stopped` says which."""

    query_id: str
    columns: tuple[Column, ...]
    rows: list[list[Any]]
    stopped: Stopped | None
    stats: Stats
    warnings: tuple[Warned, ...]


@dataclass
class Known:
    """Session properties that the coordinator has, read with SHOW SESSION every ten minutes."""

    names: frozenset[str] = frozenset()
    until: float = 0.0
    turn: anyio.Lock = field(default_factory=anyio.Lock)


class Engine:
    """One coordinator, for many queries at once, each with a session of its own."""

    def __init__(self, coordinator: Coordinator, threads: int = 32) -> None:
        self.coordinator = coordinator
        self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=2 * threads)
        self._turns = Turns(anyio.CapacityLimiter(threads), anyio.CapacityLimiter(threads))
        self._takes = Takes()
        self._known = Known()

    @property
    def takes_minted(self) -> bool | None:
        """Whether queries run under ids of ours; None before the first one."""
        return self._takes.minted

    @asynccontextmanager
    async def run(
        self, sql: str, identity: Identity, limits: Limits = UNLIMITED
    ) -> AsyncGenerator[Statement]:
        """The query as `identity`, with the limits the coordinator knows as session properties."""
        properties = await self._properties(identity, limits)
        async with self._statement(sql, identity, limits, properties) as statement:
            try:
                yield statement
            except EngineFailure as failure:
                if failure.name == "INVALID_SESSION_PROPERTY":
                    self._known.until = 0.0
                raise

    async def rows(self, sql: str, identity: Identity, limits: Limits = UNLIMITED) -> Result:
        """The whole result of a small query; raises EngineFailure rather than give a part."""
        async with self.run(sql, identity, limits) as statement:
            return await _read(statement)

    async def trial(self, sql: str, identity: Identity, limits: Limits) -> Result:
        """As `rows`, and not one query more: session properties are left as they are."""
        async with self._statement(sql, identity, limits, {}) as statement:
            return await _read(statement)

    async def info(self, query_id: str, identity: Identity) -> QueryInfo:
        """What the coordinator knows of a query, whoever's; raises QueryForgotten."""
        return await read_info(self._wire(identity, {}), query_id, self._turns)

    async def version(self, identity: Identity) -> str:
        """Presto's version, as a sign of life; raises CoordinatorProblem."""
        return await read_version(self._wire(identity, {}), self._turns)

    async def _properties(self, identity: Identity, limits: Limits) -> dict[str, str]:
        seconds = limits.seconds or self.coordinator.query_seconds
        scan = limits.scan_bytes or self.coordinator.scan_bytes
        wanted = {
            "query_max_run_time": f"{seconds:.2f}s",
            "query_max_execution_time": f"{seconds:.2f}s",
            **({"query_max_scan_raw_input_bytes": f"{scan}B"} if scan else {}),
        }
        names = await self._names(identity)
        known = {name: value for name, value in wanted.items() if name in names}
        return {**self.coordinator.properties, **known}

    async def _names(self, identity: Identity) -> frozenset[str]:
        async with self._known.turn:
            if time.monotonic() >= self._known.until:
                limits = Limits(seconds=30.0)
                result = await self.trial("SHOW SESSION", identity, limits)
                self._known.names = frozenset(str(row[0]) for row in result.rows if row)
                self._known.until = time.monotonic() + KNOWN_SECONDS
            return self._known.names

    def _statement(
        self, sql: str, identity: Identity, limits: Limits, properties: Mapping[str, str]
    ) -> Statement:
        seconds = limits.seconds or self.coordinator.query_seconds
        wire = self._wire(identity, properties)
        return Statement(wire, sql, limits, seconds, self._turns, self._takes)

    def _wire(self, identity: Identity, properties: Mapping[str, str]) -> Wire:
        given = session(self.coordinator, identity, properties)
        return Wire(self.coordinator, given, self._adapter)


async def _read(statement: Statement) -> Result:
    rows: list[list[Any]] = []
    async for page in statement:
        rows += page.rows
    return Result(
        statement.query_id,
        statement.columns,
        rows,
        statement.stopped,
        statement.stats,
        tuple(statement.warnings),
    )
