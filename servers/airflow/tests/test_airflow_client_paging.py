"""Lists are whole when they say so, whatever the server does with its pages."""

import os
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dragoman_airflow.client.paging import Page, read_list
from dragoman_airflow.models import Listing


@dataclass(slots=True)
class FakeList:
    """A server's list: it cuts pages, counts wrongly, and changes while it is read."""

    rows: list[int]
    cap: int
    lie: int = 0
    by_cursor: bool = False
    bound: int | None = None
    changes: dict[int, Callable[[list[int]], None]] = field(
        default_factory=dict[int, Callable[[list[int]], None]]
    )
    calls: int = 0

    async def fetch(self, size: int, offset: int, cursor: str) -> Page[int]:
        self.calls += 1
        self.changes.get(self.calls, lambda _: None)(self.rows)
        size = min(size, self.cap)
        total = max(0, len(self.rows) + self.lie)
        if not self.by_cursor:
            return Page(tuple(self.rows[offset : offset + size]), total)
        begin = int(cursor or 0)
        left = tuple(self.rows[begin : begin + size])
        end = begin + size
        at_least = self.bound is not None and total >= self.bound
        return Page(
            left,
            min(total, self.bound) if self.bound is not None else total,
            cursor=str(end) if end < len(self.rows) else "",
            at_least=at_least,
        )

    async def count(self) -> int:
        return len(self.rows)

    def read(self, *, limit: int = 1_000, page: int = 10) -> Listing[int]:
        async def read() -> Listing[int]:
            return await read_list(
                self.fetch, lambda row: row, limit=limit, page=page, count=self.count
            )

        return finished(read())


def finished(reading: Coroutine[object, object, Listing[int]]) -> Listing[int]:
    """What a reading comes to that never has to wait."""
    try:
        reading.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("It waited.")


def test_a_list_is_complete_when_its_pages_and_its_total_agree() -> None:
    listing = FakeList(list(range(25)), cap=10).read()

    assert listing == Listing(tuple(range(25)), 25, complete=True)


def test_a_server_that_cuts_pages_silently_is_read_to_the_end() -> None:
    listing = FakeList(list(range(25)), cap=4).read()

    assert listing.items == tuple(range(25))
    assert listing.complete


def test_a_page_exactly_full_at_the_end_does_not_hide_what_follows() -> None:
    listing = FakeList(list(range(20)), cap=10, lie=-10).read()

    assert listing.items == tuple(range(20))
    assert listing.claimed == 20


def test_an_overclaimed_list_is_not_complete_and_says_why() -> None:
    listing = FakeList(list(range(5)), cap=10, lie=3).read()

    assert listing.items == tuple(range(5))
    assert (listing.complete, listing.claimed) == (False, 8)
    assert listing.note == "Airflow claims 8 and gave 5"


def test_nothing_delivered_of_a_claimed_list_is_not_none() -> None:
    listing = FakeList([], cap=10, lie=2).read()

    assert (listing.items, listing.complete, listing.claimed) == ((), False, 2)


def test_rows_that_arrive_in_front_while_it_is_read_are_not_given_twice() -> None:
    fake = FakeList(list(range(25)), cap=10, changes={2: lambda rows: rows.insert(0, 99)})

    listing = fake.read()

    assert listing.items == tuple(range(25))
    assert listing.complete


def test_rows_that_vanish_while_it_is_read_take_no_other_with_them() -> None:
    fake = FakeList(list(range(25)), cap=10, changes={2: lambda rows: rows.remove(3)})

    listing = fake.read()

    assert set(range(25)) - {3} <= set(listing.items)
    assert len(set(listing.items)) == len(listing.items)


def test_a_hundred_thousand_rows_are_read_to_the_limit_and_their_number_is_kept() -> None:
    fake = FakeList(list(range(100_000)), cap=100, by_cursor=True, bound=10_001)

    listing = fake.read(limit=250, page=100)

    assert listing.items == tuple(range(250))
    assert (listing.claimed, listing.complete) == (100_000, False)
    assert listing.note == "reading stopped at 250"
    assert fake.calls == 3


def test_a_limit_that_is_just_the_length_leaves_a_complete_list() -> None:
    listing = FakeList(list(range(7)), cap=10).read(limit=7)

    assert listing == Listing(tuple(range(7)), 7, complete=True)


def test_a_row_without_an_identity_makes_a_list_incomplete() -> None:
    async def fetch(size: int, offset: int, cursor: str) -> Page[int]:
        del size, offset, cursor
        return Page((1, 2), 3, lost=1)

    async def read() -> Listing[int]:
        return await read_list(fetch, lambda row: row, limit=10, page=10)

    listing = finished(read())

    assert (listing.items, listing.complete) == ((1, 2), False)
    assert listing.note == "1 of the rows could not be read"


def test_pages_that_go_round_in_a_circle_end() -> None:
    async def fetch(size: int, offset: int, cursor: str) -> Page[int]:
        del size, offset, cursor
        return Page((1, 2), 90, cursor="again")

    async def read() -> Listing[int]:
        return await read_list(fetch, lambda row: row, limit=50, page=10)

    listing = finished(read())

    assert (listing.items, listing.complete, listing.claimed) == ((1, 2), False, 90)


EXAMPLES = 20_000 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 200
ROWS = st.integers(0, 70)
CHANGES = st.dictionaries(
    st.integers(2, 8),
    st.sampled_from(["in front", "behind", "one gone", "many gone", "shuffled"]),
    max_size=3,
)


@pytest.mark.proof
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(
    count=ROWS,
    cap=st.integers(2, 12),
    lie=st.integers(-80, 80),
    by_cursor=st.booleans(),
    limit=st.integers(1, 90),
)
def test_a_complete_list_holds_every_row_whatever_is_claimed(
    *, count: int, cap: int, lie: int, by_cursor: bool, limit: int
) -> None:
    # What Listing cannot prove, as the module says; the next test shows what comes of it.
    assume(by_cursor or not _poses_as_whole(count, cap, lie, min(12, limit + 1)))
    fake = FakeList(list(range(count)), cap, lie, by_cursor)

    listing = fake.read(limit=limit, page=12)

    assert len(set(listing.items)) == len(listing.items) <= limit
    assert not listing.complete or listing.items == tuple(range(count))
    assert not listing.complete or listing.claimed == listing.delivered
    assert listing.complete or listing.note
    assert listing.complete or listing.claimed != listing.delivered
    assert listing.complete or count > limit or lie > 0


def _poses_as_whole(count: int, cap: int, lie: int, size: int) -> bool:
    """A first page cut short whose length is just what the server claims to have."""
    return cap < min(size, count) and count + lie == cap


def test_a_first_page_cut_short_that_is_claimed_to_be_all_is_believed() -> None:
    listing = FakeList(list(range(25)), cap=4, lie=-21).read()

    assert (listing.items, listing.complete) == ((0, 1, 2, 3), True)


def test_a_server_that_cuts_pages_and_claims_too_few_is_read_to_the_end() -> None:
    listing = FakeList(list(range(25)), cap=4, lie=-22).read()

    assert listing == Listing(tuple(range(25)), 25, complete=True)


@pytest.mark.proof
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(count=ROWS, cap=st.integers(2, 12), changes=CHANGES, seed=st.randoms())
def test_a_complete_list_holds_every_row_that_stayed_while_rows_come_and_go(
    count: int, cap: int, changes: dict[int, str], seed: random.Random
) -> None:
    fresh = iter(range(1_000, 2_000))
    gone: set[int] = set()

    def change(kind: str) -> Callable[[list[int]], None]:
        def apply(rows: list[int]) -> None:
            if kind == "in front":
                rows.insert(0, next(fresh))
            elif kind == "behind":
                rows.append(next(fresh))
            elif kind == "shuffled":
                seed.shuffle(rows)
            else:
                gone.update(rows[: 1 if kind == "one gone" else 5])
                del rows[: 1 if kind == "one gone" else 5]

        return apply

    fake = FakeList(list(range(count)), cap, changes={n: change(k) for n, k in changes.items()})

    listing = fake.read(page=12)

    assert len(set(listing.items)) == len(listing.items)
    stayed = set(range(count)) - gone
    assert not listing.complete or stayed <= set(listing.items)


def test_no_list_is_read_for_ever_when_its_rows_always_move() -> None:
    fake = FakeList(list(range(40)), cap=10)
    fake.changes = dict.fromkeys(range(2, 200), _turn)

    listing = fake.read()

    assert fake.calls < 40
    assert not listing.complete
    assert listing.note


def _turn(rows: list[int]) -> None:
    rows[:] = [*rows[15:], *rows[:15]]
