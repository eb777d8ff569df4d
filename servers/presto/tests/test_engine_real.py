"""The engine on real Prestos: every promise of the protocol that is relied on."""

from collections.abc import Callable

import anyio
import pytest

from dragoman_presto.engine.connect import Engine
from dragoman_presto.engine.errors import EngineFailure, QueryForgotten
from dragoman_presto.engine.headers import Identity
from dragoman_presto.engine.info import in_seconds
from dragoman_presto.engine.statement import Limits, Stopped
from dragoman_presto.engine.values import exact_rows

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

Connect = Callable[..., Engine]

LONG = "select count(*) from tpch.sf1000.lineitem"
ENDED = {"USER_CANCELED", "ABANDONED_QUERY"}


@pytest.fixture
def real(real_or_newer: str, engine: Connect) -> Engine:
    return engine(real_or_newer, catalog="tpch", default_schema="tiny")


async def ended(real: Engine, query_id: str, who: Identity) -> str:
    """The error that a query ended with; it must have, within moments."""
    info = await real.info(query_id, who)
    assert info.state in {"FINISHED", "FAILED"}
    return info.error_code.name if info.error_code else ""


async def test_every_row_of_a_result_of_many_pages_comes_once(
    real: Engine, alice: Identity
) -> None:
    limits = Limits(page_bytes=64 * 1024)
    sql = "select orderkey, comment from orders"
    sizes: list[int] = []
    keys: list[int] = []

    async with real.run(sql, alice, limits) as statement:
        async for page in statement:
            keys += [row[0] for row in page.rows]
            sizes += [len(page.rows)] if page.rows else []

    assert statement.stopped is None
    assert len(keys) == len(set(keys)) == 15_000
    assert len(sizes) > 1


async def test_a_cut_result_says_so_and_ends_the_query(real: Engine, alice: Identity) -> None:
    result = await real.rows("select * from tpch.sf10.lineitem", alice, Limits(rows=10))

    assert len(result.rows) == 10
    assert result.stopped is Stopped.ROWS
    assert await ended(real, result.query_id, alice) in ENDED


async def test_progress_is_told_before_the_rows_come(real: Engine, alice: Identity) -> None:
    async with real.run("select name from nation", alice) as statement:
        pages = [page async for page in statement]

    times = [page.stats.elapsed_time_millis for page in pages]
    assert times == sorted(times)
    assert not pages[0].rows
    assert sum(len(page.rows) for page in pages) == 25
    assert pages[-1].stats.state == "FINISHED"
    assert pages[-1].stats.completed_splits == pages[-1].stats.total_splits > 0


async def test_a_cancelled_task_ends_its_query_in_the_engine(real: Engine, alice: Identity) -> None:
    running: list[str] = []
    started = anyio.Event()

    async def reading() -> None:
        async with real.run(LONG, alice) as statement:
            running.append(statement.query_id)
            async for page in statement:
                if page.stats.state == "RUNNING":
                    started.set()

    async with anyio.create_task_group() as group:
        group.start_soon(reading)
        await started.wait()
        group.cancel_scope.cancel()

    assert await ended(real, running[0], alice) == "USER_CANCELED"


async def test_the_engine_itself_ends_a_query_whose_time_is_over(
    real: Engine, alice: Identity
) -> None:
    with pytest.raises(EngineFailure, match="EXCEEDED_TIME_LIMIT"):
        await real.rows(LONG, alice, Limits(seconds=3))


async def test_the_engine_knows_who_asked_from_where_with_what_limits(
    real: Engine, alice: Identity
) -> None:
    result = await real.rows("select 1", alice, Limits(seconds=33))

    session = (await real.info(result.query_id, alice)).session
    assert (session.user, session.source, session.trace_token) == ("alice", "mcp-presto", "trace-1")
    assert set(session.client_tags) == {"tool:run_query", "group:ads"}
    assert in_seconds(session.system_properties["query_max_run_time"]) == 33


async def test_values_come_exact(real: Engine, alice: Identity) -> None:
    sql = """select 9007199254740993,
        cast('12345678901234567890123456789.012345678' as decimal(38,9)),
        nan(), -infinity(), X'00ff',
        timestamp '2020-01-01 00:00:00 Asia/Kolkata',
        cast(row(9007199254740993, array['x']) as row(a bigint, b array(varchar))),
        map(array['k'], array[array[9007199254740993]]), cast(null as bigint), 'é"\n'"""

    result = await real.rows(sql, alice)

    assert exact_rows(result.columns, result.rows) == [
        [
            "9007199254740993",
            "12345678901234567890123456789.012345678",
            "NaN",
            "-Infinity",
            "AP8=",
            "2020-01-01 00:00:00.000 Asia/Kolkata",
            {"a": "9007199254740993", "b": ["x"]},
            {"k": ["9007199254740993"]},
            None,
            'é"\n',
        ]
    ]


async def test_an_empty_result_has_its_columns(real: Engine, alice: Identity) -> None:
    result = await real.rows("select orderkey, comment from orders where false", alice)

    assert [column.name for column in result.columns] == ["orderkey", "comment"]
    assert result.rows == []
    assert result.stopped is None


@pytest.mark.parametrize(
    ("sql", "name", "line"),
    [
        ("select\n nme from nation", "SYNTAX_ERROR", 2),
        ("selec 1", "SYNTAX_ERROR", 1),
        ("select 1/(nationkey - nationkey) from nation", "DIVISION_BY_ZERO", None),
        ("select * from nowhere.a.b", "SYNTAX_ERROR", None),
    ],
)
async def test_a_failure_has_its_name_and_place(
    real: Engine, alice: Identity, sql: str, name: str, line: int | None
) -> None:
    with pytest.raises(EngineFailure) as raised:
        await real.rows(sql, alice)

    assert (raised.value.name, raised.value.line) == (name, line)


async def test_a_query_that_was_never_there_is_forgotten(real: Engine, alice: Identity) -> None:
    with pytest.raises(QueryForgotten):
        await real.info("20200101_000000_00000_aaaaa", alice)


async def test_a_newer_presto_takes_an_id_of_ours(
    presto_newer: str, engine: Connect, alice: Identity
) -> None:
    connected = engine(presto_newer)

    result = await connected.rows("select 1", alice)

    assert result.rows == [[1]]
    assert connected.takes_minted is True


async def test_an_older_presto_is_asked_the_older_way(
    presto: str, engine: Connect, alice: Identity
) -> None:
    connected = engine(presto)

    result = await connected.rows("select 1", alice)

    assert result.rows == [[1]]
    assert connected.takes_minted is False
