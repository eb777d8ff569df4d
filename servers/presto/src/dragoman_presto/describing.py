"""What a table is: columns, statistics, newest partitions, and on demand a profile and a sample."""

from collections.abc import Sequence
from typing import cast

from pydantic import JsonValue

from dragoman.answer.budget import Budget, fit
from dragoman.answer.untrusted import Untrusted
from dragoman_presto.client import Warehouse
from dragoman_presto.engine.connect import Result
from dragoman_presto.engine.errors import EngineFailure
from dragoman_presto.engine.statement import Limits
from dragoman_presto.engine.values import exact_rows
from dragoman_presto.errors import TooMuch
from dragoman_presto.models import ColumnInfo, TableInfo
from dragoman_presto.names import quoted
from dragoman_presto.notes import Notes
from dragoman_presto.tables import ColumnStats, Table, TableColumn, TableStats, table_of

_LOOK = Limits(rows=1_000, seconds=30.0, scan_bytes=1 << 30)
_PROFILED_ROWS = 100_000
_MOST_PROFILED = 12
_UNORDERED = ("map", "row", "array", "json", "hyperloglog")
_LONGEST_TEXT = 60


async def describe(
    warehouse: Warehouse, written: str, sample_rows: int, *, profile: bool, max_tokens: int
) -> TableInfo:
    """Raises NoSuchTable, naming the nearest one. A profile or sample reads at most 1 GB."""
    table = table_of(warehouse, written)
    columns, stats = await table.columns(), await table.stats()
    keys = tuple(column.name for column in columns if column.is_partition)
    newest = await table.newest_partitions(keys, 3) if keys else []
    where = _newest_only(keys, newest)
    infos = [_info(column, stats) for column in columns]
    told = ""
    if profile:
        infos, told = await _profiled(table, infos, where)
    known = Notes.read(warehouse.settings.notes_file).of(str(table.name))
    kept = fit(infos, lambda info: info.model_dump_json(), Budget(max_tokens // 2))
    return TableInfo(
        table=str(table.name),
        rows=None if stats.rows is None else round(stats.rows),
        columns=list(kept.items),
        newest_partitions=[list(row) for row in newest],
        note=known.note if known else "",
        owner=known.owner if known else "",
        profile=told,
        sample=await _sample(table, columns[: kept.kept], where, sample_rows),
        left_out=f"{len(infos) - kept.kept} more columns" if len(infos) > kept.kept else "",
    )


def _info(column: TableColumn, stats: TableStats) -> ColumnInfo:
    known = stats.columns.get(column.name, ColumnStats())
    return ColumnInfo(
        name=column.name,
        type=column.type,
        partition=column.is_partition or None,
        distinct=None if known.distinct is None else round(known.distinct),
        nulls=known.nulls,
        low=known.low,
        high=known.high,
        comment=Untrusted(column.comment) if column.comment else None,
    )


def _newest_only(keys: Sequence[str], newest: Sequence[Sequence[object]]) -> str:
    """A filter on the newest partition, so that a look stays cheap; "" without partitions."""
    if not newest or any(value is None for value in newest[0]):
        return ""
    pairs = zip(keys, newest[0], strict=True)
    return " WHERE " + " AND ".join(f"CAST({quoted(k)} AS varchar) = {_text(v)}" for k, v in pairs)


def _text(value: object) -> str:
    escaped = str(value).replace("'", "''")
    return f"'{escaped}'"


async def _sample(
    table: Table, columns: Sequence[TableColumn], where: str, rows: int
) -> list[list[JsonValue]]:
    if rows == 0 or not columns:
        return []
    chosen = ", ".join(quoted(column.name) for column in columns)
    result = await _look(table, f"SELECT {chosen} FROM {table.sql}{where} LIMIT {rows}")  # noqa: S608  # every name is quoted
    return [] if result is None else exact_rows(result.columns, result.rows)


async def _profiled(
    table: Table, infos: Sequence[ColumnInfo], where: str
) -> tuple[list[ColumnInfo], str]:
    """The columns with figures of up to 100,000 rows, and what these figures rest on."""
    chosen = [info for info in infos if not info.type.startswith(_UNORDERED)][:_MOST_PROFILED]
    parts = [part for info in chosen for part in _figures(info)]
    names = ", ".join(quoted(info.name) for info in chosen)
    inner = f"SELECT {names} FROM {table.sql}{where} LIMIT {_PROFILED_ROWS}"  # noqa: S608  # every name is quoted
    result = await _look(table, f"SELECT count(*), {', '.join(parts)} FROM ({inner})")  # noqa: S608  # as above
    if result is None or not result.rows:
        return list(infos), "no profile: the table could not be read within 1 GB and 30 s"
    counted, *figures = result.rows[0]
    looked = {info.name: figures[5 * at : 5 * at + 5] for at, info in enumerate(chosen)}
    rows = int(counted)
    done = [_with(info, looked[info.name], rows) if info.name in looked else info for info in infos]
    part = " of the newest partition" if where else ""
    return done, f"profile of {rows:,} rows{part}; distinct counts are approximate"


def _figures(info: ColumnInfo) -> list[str]:
    name = quoted(info.name)
    is_text = info.type.startswith(("varchar", "char"))
    text = f"substr({name}, 1, {_LONGEST_TEXT})" if is_text else f"CAST({name} AS varchar)"
    top = f"slice(map_keys(approx_most_frequent(3, {text}, 1000)), 1, 3)"
    return [
        f"count_if({name} IS NULL)",
        f"approx_distinct({name})",
        f"CAST(min({name}) AS varchar)",
        f"CAST(max({name}) AS varchar)",
        top if is_text else "CAST(NULL AS array(varchar))",
    ]


def _with(info: ColumnInfo, figures: Sequence[object], rows: int) -> ColumnInfo:
    nulls, distinct, low, high, top = figures
    return info.model_copy(
        update={
            "nulls": round(int(str(nulls)) / rows, 4) if rows else None,
            "distinct": int(str(distinct)),
            "low": None if low is None else str(low)[:_LONGEST_TEXT],
            "high": None if high is None else str(high)[:_LONGEST_TEXT],
            "top": [str(one) for one in cast("list[object]", top)] if isinstance(top, list) else [],
        }
    )


async def _look(table: Table, sql: str) -> Result | None:
    """The rows, or None where the engine does not give them within the limits of a look."""
    try:
        return await table.warehouse.ask(sql, "describe_table", _LOOK)
    except (EngineFailure, TooMuch):
        return None
