"""Pages, limits and ends of queries: on the fake coordinator, and on real ones where they can."""

import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from fake_coordinator import AWAY, BROKEN, DROPPED, QUEUED, FakeCoordinator, Script, Turn, failure

from dragoman_presto.engine.connect import Engine
from dragoman_presto.engine.errors import CoordinatorUnreachable, EngineFailure, QueryTooSlow
from dragoman_presto.engine.headers import Identity
from dragoman_presto.engine.pages import Page
from dragoman_presto.engine.statement import Limits, Stopped

pytestmark = pytest.mark.anyio

Fake = Callable[..., FakeCoordinator]
Connect = Callable[..., Engine]


def numbers(count: int, start: int = 0) -> list[list[Any]]:
    return [[n] for n in range(start, start + count)]


async def read(
    engine: Engine, who: Identity, limits: Limits, sql: str = "q"
) -> tuple[list[Page], Stopped | None]:
    async with engine.run(sql, who, limits) as statement:
        pages = [page async for page in statement]
    return pages, statement.stopped


async def test_every_answer_gives_a_page_also_without_rows(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(Script([QUEUED, Turn(numbers(2)), Turn(), Turn(numbers(1, 2))]))

    pages, stopped = await read(engine(coordinator.url), alice, Limits())

    assert [len(page.rows) for page in pages] == [0, 0, 2, 0, 1]
    assert [page.stats.state for page in pages] == [
        "QUEUED",
        "QUEUED",
        "RUNNING",
        "RUNNING",
        "FINISHED",
    ]
    assert stopped is None
    assert coordinator.ended == []


async def test_a_row_limit_cuts_inside_a_page_and_ends_the_query(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(Script([Turn(numbers(5)), Turn(numbers(5, 5))], forever=Turn()))

    pages, stopped = await read(engine(coordinator.url), alice, Limits(rows=7))

    assert [row for page in pages for row in page.rows] == numbers(7)
    assert stopped is Stopped.ROWS
    assert len(coordinator.ended) == 1


async def test_a_result_that_just_fits_is_not_called_cut(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(Script([Turn(numbers(5)), Turn()]))

    pages, stopped = await read(engine(coordinator.url), alice, Limits(rows=5, bytes=100))

    assert sum(len(page.rows) for page in pages) == 5
    assert stopped is None


async def test_a_byte_limit_is_never_passed_even_by_one_wide_cell(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(Script([Turn([["a"], ["b" * 5_000_000]])], forever=Turn()))

    pages, stopped = await read(engine(coordinator.url), alice, Limits(bytes=1000))

    assert [row for page in pages for row in page.rows] == [["a"]]
    assert stopped is Stopped.BYTES
    assert len(coordinator.ended) == 1


async def test_an_error_after_rows_is_an_error_with_its_place_and_no_result(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(Script([Turn(numbers(3)), failure("DIVISION_BY_ZERO", line=4)]))

    with pytest.raises(EngineFailure, match=r"DIVISION_BY_ZERO.*line 4") as raised:
        await engine(coordinator.url).rows("q", alice)

    failed = raised.value
    assert (failed.name, failed.kind, failed.line, failed.column) == (
        "DIVISION_BY_ZERO",
        "USER_ERROR",
        4,
        7,
    )
    assert failed.query_id in str(failed)


async def test_an_error_in_the_first_answer_is_an_error(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(Script(submissions=[failure("SYNTAX_ERROR")]))

    with pytest.raises(EngineFailure, match="SYNTAX_ERROR"):
        await engine(coordinator.url).rows("q", alice)


async def test_warnings_of_every_page_are_kept_once(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    turns = [Turn(warnings=["one"]), Turn(warnings=["one", "two"]), Turn(numbers(1))]
    coordinator = fake(Script(turns))

    result = await engine(coordinator.url).rows("q", alice)

    assert [each.message for each in result.warnings] == ["one", "two"]


@pytest.mark.parametrize("fault", [AWAY, BROKEN, DROPPED])
async def test_polling_goes_on_when_the_coordinator_comes_back(
    fake: Fake, engine: Connect, alice: Identity, fault: Turn
) -> None:
    coordinator = fake(Script([Turn(numbers(2)), fault, fault, Turn(numbers(1, 2))]))

    result = await engine(coordinator.url).rows("q", alice)

    assert result.rows == numbers(3)
    assert len(coordinator.of("PUT", "q")) == 1


async def test_a_coordinator_that_stays_away_is_told_without_its_words(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(Script([Turn(numbers(2))], forever=AWAY))

    with pytest.raises(CoordinatorUnreachable) as raised:
        await engine(coordinator.url, retry_seconds=0.3).rows("q", alice)

    assert "503" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert len(set(coordinator.ended)) == 1


@pytest.mark.parametrize("fault", [AWAY, DROPPED])
async def test_a_minted_query_survives_a_lost_answer_and_runs_once(
    fake: Fake, engine: Connect, alice: Identity, fault: Turn
) -> None:
    coordinator = fake(Script([Turn(numbers(1))], submissions=[fault, QUEUED]))

    result = await engine(coordinator.url).rows("q", alice)

    submissions = coordinator.of("PUT", "q")
    assert result.rows == numbers(1)
    assert len(submissions) == 2
    assert len({each.path for each in submissions}) == 1
    assert coordinator.started.count(result.query_id) == 1


async def test_a_post_is_never_sent_twice(fake: Fake, engine: Connect, alice: Identity) -> None:
    script = Script([Turn(numbers(1))], submissions=[DROPPED])
    coordinator = fake(script, takes_minted=False)

    with pytest.raises(CoordinatorUnreachable):
        await engine(coordinator.url).rows("q", alice)

    assert len(coordinator.of("POST", "q")) == 1
    assert not set(coordinator.ids("q")) & set(coordinator.started)


async def test_a_coordinator_without_minted_ids_is_asked_once_and_remembered(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(Script([Turn(numbers(1))]), takes_minted=False)
    connected = engine(coordinator.url)

    await connected.rows("q", alice)
    await connected.rows("q", alice)

    assert len(coordinator.of("PUT")) == 1
    assert len(coordinator.of("POST", "q")) == 2


async def test_a_query_queued_for_ever_is_ended_in_time_and_says_its_state(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(Script(forever=QUEUED))

    with pytest.raises(QueryTooSlow, match="QUEUED"):
        await engine(coordinator.url).rows("q", alice, Limits(seconds=0.6))

    assert len(coordinator.ended) == 1


@pytest.mark.parametrize("minted", [True, False])
async def test_a_cancelled_task_ends_the_query_at_once_though_a_poll_hangs(
    fake: Fake, engine: Connect, alice: Identity, *, minted: bool
) -> None:
    hanging = threading.Event()
    coordinator = fake(Script([Turn(numbers(1)), Turn(until=hanging)]), takes_minted=minted)
    connected = engine(coordinator.url)
    started = anyio.Event()

    async def reading() -> None:
        async with connected.run("q", alice) as statement:
            async for page in statement:
                if page.rows:
                    started.set()

    async with anyio.create_task_group() as group:
        group.start_soon(reading)
        await started.wait()
        group.cancel_scope.cancel()
    ended = list(coordinator.ended)
    hanging.set()

    assert len(ended) == 1
    assert ended[0] == coordinator.started[-1]


@pytest.mark.parametrize("minted", [True, False])
async def test_a_task_cancelled_while_it_submits_leaves_no_query_behind(
    fake: Fake, engine: Connect, alice: Identity, *, minted: bool
) -> None:
    hanging = threading.Event()
    script = Script([Turn(numbers(1))], submissions=[Turn(until=hanging)])
    coordinator = fake(script, takes_minted=minted)
    connected = engine(coordinator.url)

    async with anyio.create_task_group() as group:
        group.start_soon(connected.rows, "q", alice)
        await anyio.to_thread.run_sync(coordinator.submitted.wait, 10)
        group.cancel_scope.cancel()
    hanging.set()
    told = await anyio.to_thread.run_sync(coordinator.ending.wait, 10)

    assert told
    assert coordinator.ended == coordinator.ids("q")
    assert coordinator.ended[0] not in coordinator.started


async def test_leaving_the_block_early_ends_the_query(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(Script([Turn(numbers(1))], forever=Turn(numbers(1))))

    async with engine(coordinator.url).run("q", alice) as statement:
        async for page in statement:
            if page.rows:
                break

    assert coordinator.ended == [statement.query_id]
