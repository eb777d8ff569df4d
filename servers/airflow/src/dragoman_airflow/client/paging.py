"""Whole lists out of pages: each item once, and complete only when that is proven.

Airflow cuts pages silently, its order is not always stable, rows come and go between pages, and a
claimed total may be wrong either way. By cursor, the end is the server's word. By offset, each
page begins with the last row of the page before: were rows moved, it is not there.

Not proven: a first page by offset that is shorter than was asked, where the claimed total is just
its length, is taken for the whole list. A server that cuts and claims so hides the rest.
"""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from dragoman_airflow.models import Listing

T = TypeVar("T")

PASSES = 3
"""How often a list is read whose rows move meanwhile."""
IDLE_PAGES = 3
"""Pages without anything new after which a server is not asked for more."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One answer. `cursor` is None where this server has none, "" at its end.

    `at_least`: the total is where counting stopped. `lost`: rows without an identity.
    """

    items: tuple[T, ...]
    total: int | None
    cursor: str | None = None
    at_least: bool = False
    lost: int = 0

    @property
    def rows(self) -> int:
        return len(self.items) + self.lost


class Fetch(Protocol[T]):
    """Asks for `size` rows from `offset`, or after `cursor`; "" is the first page."""

    def __call__(self, size: int, offset: int, cursor: str, /) -> Awaitable[Page[T]]: ...


@dataclass(slots=True)
class _Reading(Generic[T]):
    """What was read so far: `found` over all passes, `seen` in this one."""

    key: Callable[[T], Hashable]
    limit: int
    found: dict[Hashable, T] = field(default_factory=dict[Hashable, T])
    seen: set[Hashable] = field(default_factory=set[Hashable])
    lost: int = 0
    totals: list[int] = field(default_factory=list[int])
    at_least: bool = False

    def begin(self) -> None:
        self.seen.clear()
        self.totals.clear()
        self.lost = 0

    def take(self, page: Page[T]) -> bool:
        """Whether it held anything new."""
        before = len(self.seen)
        for item in page.items:
            key = self.key(item)
            self.seen.add(key)
            self.found.setdefault(key, item)
        self.lost += page.lost
        if page.total is not None:
            self.totals.append(page.total)
            self.at_least = page.at_least
        return len(self.seen) > before

    @property
    def full(self) -> bool:
        return len(self.found) > self.limit

    def stopped(self) -> str:
        return f"reading stopped at {self.limit}"

    def listing(self, note: str) -> Listing[T]:
        """Complete when there is nothing to note."""
        items = tuple(self.found.values())
        claimed = self.totals[-1] if self.totals else None
        if len(items) > self.limit:
            items, note = items[: self.limit], note or self.stopped()
        if not note and self.lost:
            note = f"{self.lost} of the rows could not be read"
        if not note and len(self.seen) < min(self.totals, default=0):
            note = f"Airflow claims {claimed} and gave {len(items)}"
        if not note:
            return Listing(items, len(items), complete=True)
        # A claim that the rows themselves refute says nothing.
        known = claimed if claimed and claimed > len(items) else None
        return Listing(items, known, complete=False, note=note)


async def read_list(
    fetch: Fetch[T],
    key: Callable[[T], Hashable],
    *,
    limit: int,
    page: int,
    count: Callable[[], Awaitable[int]] | None = None,
) -> Listing[T]:
    """The list to its end, or its first `limit` items.

    `page` is how many rows to ask for at once; `count` says how many there are where a page's
    total is only a lower bound.
    """
    reading = _Reading(key, limit)
    # One more than wanted: whether it comes says whether the list goes on.
    size = min(page, limit + 1)
    first = await fetch(size, 0, "")
    reading.take(first)
    if first.cursor is None:
        return await _by_offset(fetch, reading, first, size)
    listing = await _by_cursor(fetch, reading, first, size)
    if reading.at_least and count and not listing.complete:
        claimed = max(await count(), listing.claimed or 0)
        return Listing(listing.items, claimed, complete=False, note=listing.note)
    return listing


async def _by_cursor(fetch: Fetch[T], reading: _Reading[T], page: Page[T], size: int) -> Listing[T]:
    idle = 0
    while page.cursor and not reading.full:
        page = await fetch(size, 0, page.cursor)
        idle = 0 if reading.take(page) else idle + 1
        if idle == IDLE_PAGES:
            return reading.listing("Airflow's pages go round in a circle")
    return reading.listing(reading.stopped() if page.cursor else "")


async def _by_offset(
    fetch: Fetch[T], reading: _Reading[T], first: Page[T], size: int
) -> Listing[T]:
    note = await _one_pass(fetch, reading, first, size)
    for _ in range(PASSES - 1):
        if not note or reading.full:
            break
        reading.begin()
        first = await fetch(size, 0, "")
        reading.take(first)
        note = await _one_pass(fetch, reading, first, size)
    return reading.listing(note)


async def _one_pass(fetch: Fetch[T], reading: _Reading[T], page: Page[T], size: int) -> str:
    """Reads on to the end; says why this pass may have left rows out."""
    asked, read, longest, moved = size, page.rows, page.rows, False
    # A total other than what was read is no proof of the end, be it larger or smaller.
    while page.rows and (page.rows == asked or read != page.total):
        if reading.full:
            return reading.stopped()
        before, asked = page, max(2, min(size, longest))
        page = await fetch(asked, read - 1, "")
        moved = moved or _moved(reading, before, page)
        reading.take(page)
        if page.rows <= 1:
            break
        read += page.rows - 1
        longest = max(longest, page.rows)
    return "rows moved while the list was read" if moved else ""


def _moved(reading: _Reading[T], before: Page[T], page: Page[T]) -> bool:
    """Whether this page does not go on where the one before ended.

    Rows that arrived in front push known rows into this page, which does no harm.
    """
    keys = [reading.key(item) for item in page.items]
    if before.lost or not before.items:
        return False
    last = reading.key(before.items[-1])
    if last not in keys:
        return True
    place = keys.index(last)
    known_before = reading.seen.issuperset(keys[:place])
    return not known_before or not reading.seen.isdisjoint(keys[place + 1 :])
