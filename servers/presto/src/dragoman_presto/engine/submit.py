"""How a query is handed over, so that none is left running that nobody waits for."""

import secrets
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import anyio
import anyio.to_thread
import tenacity

from dragoman_presto.engine.address import next_address
from dragoman_presto.engine.errors import CoordinatorProblem
from dragoman_presto.engine.pages import read_answer
from dragoman_presto.engine.wire import Away, Minted, NotTaken, Wire

T = TypeVar("T")

END_SECONDS = 5.0
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Turns:
    """Threads for requests; ending a query never waits for others' polling."""

    polling: anyio.CapacityLimiter
    ending: anyio.CapacityLimiter


@dataclass
class Takes:
    """Whether the coordinator takes minted query ids: None until a submission has shown it."""

    minted: bool | None = None


@dataclass(frozen=True)
class Submitted:
    """The first answer, and an address that ends the query whatever that answer says."""

    body: bytes
    own_address: str | None


async def submit(wire: Wire, sql: str, turns: Turns, takes: Takes) -> Submitted:
    """Hands the query over, under an id of ours where the coordinator takes one.

    When the task is cancelled meanwhile, what was handed over is ended.
    """
    if takes.minted is not False:
        with suppress(NotTaken):
            return await _put(wire, sql, turns, takes)
        takes.minted = False
    return await _post(wire, sql, turns)


async def end(delete: Callable[[], None], turns: Turns) -> None:
    """Ends a query, also while the task is cancelled.

    Asked again while the coordinator is away: nothing else would end the query soon.
    """
    with anyio.move_on_after(END_SECONDS, shield=True), suppress(CoordinatorProblem):
        await again(lambda: threaded(delete, turns.ending), END_SECONDS)


async def threaded(call: Callable[[], T], turns: anyio.CapacityLimiter) -> T:
    """The call's result, from a worker thread; a cancelled task leaves it behind at once."""
    return await anyio.to_thread.run_sync(call, abandon_on_cancel=True, limiter=turns)


async def again(ask: Callable[[], Awaitable[T]], seconds: float) -> T:
    """What `ask` gives, asked again for `seconds` while the coordinator is away."""
    try:
        return await ask()
    except Away:
        if seconds <= 0:
            raise
    retrying = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type(Away),
        stop=tenacity.stop_after_delay(seconds),
        wait=tenacity.wait_random_exponential(multiplier=0.1, max=2),
        sleep=anyio.sleep,
        reraise=True,
    )

    # tenacity awaits only what it can tell to be a coroutine function; a lambda is none.
    async def asked() -> T:
        return await ask()

    return await retrying(asked)


def mint() -> Minted:
    """A query id in Presto's own form, unguessable with its slug."""
    now = datetime.now(UTC)
    number = f"{secrets.randbelow(100_000):05}"
    suffix = "".join(secrets.choice(LETTERS) for _ in range(5))
    return Minted(f"{now:%Y%m%d_%H%M%S}_{number}_{suffix}", f"x{secrets.token_hex(16)}")


async def _put(wire: Wire, sql: str, turns: Turns, takes: Takes) -> Submitted:
    minted, settled = mint(), False
    try:
        body = await again(
            lambda: threaded(lambda: wire.submit_as(sql, minted), turns.polling),
            wire.coordinator.retry_seconds,
        )
        takes.minted = settled = True
    except NotTaken:
        settled = True
        raise
    finally:
        if not settled:
            await end(lambda: wire.end(wire.first_address(minted)), turns)
    return Submitted(body, wire.first_address(minted))


async def _post(wire: Wire, sql: str, turns: Turns) -> Submitted:
    post, settled = _Post(wire, sql), False
    try:
        body = await threaded(post, turns.polling)
        settled = True
    finally:
        if not settled and (orphan := post.leave()):
            await end(lambda: post.end(orphan), turns)
    return Submitted(body, None)


class _Post:
    """A POST in a thread that ends its own query when nobody waits for the answer any more."""

    def __init__(self, wire: Wire, sql: str) -> None:
        self._wire = wire
        self._sql = sql
        self._lock = threading.Lock()
        self._left = False
        self._body = b""

    def __call__(self) -> bytes:
        body = self._wire.submit(self._sql)
        with self._lock:
            self._body = body
            left = self._left
        if left:
            with suppress(CoordinatorProblem):
                self.end(body)
        return body

    def leave(self) -> bytes:
        """An answer that came although the task had gone, for the task to end; mostly none."""
        with self._lock:
            self._left = True
            return self._body

    def end(self, body: bytes) -> None:
        answer = read_answer(body, self._wire.coordinator.name)
        if answer.next_uri:
            self._wire.end(next_address(self._wire.coordinator, answer.next_uri, answer.id))
