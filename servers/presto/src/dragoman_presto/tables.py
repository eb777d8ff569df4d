"""Facts on one table, asked of Presto: columns, statistics, partitions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dragoman_presto.client import Warehouse
from dragoman_presto.engine.errors import EngineFailure
from dragoman_presto.errors import NoSuchTable, TooMuch
from dragoman_presto.mistakes.explain import near_names
from dragoman_presto.names import VisibleNames, quoted
from dragoman_presto.preview.reads import TableName
from dragoman_presto.preview.width import width

_TOOL = "describe_table"


@dataclass(frozen=True, slots=True)
class TableColumn:
    name: str
    type: str
    is_partition: bool = False
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ColumnStats:
    """Of the whole table, as the connector keeps them; None where it does not."""

    data_size: float | None = None
    distinct: float | None = None
    nulls: float | None = None
    low: str | None = None
    high: str | None = None


@dataclass(frozen=True, slots=True)
class TableStats:
    rows: float | None
    columns: Mapping[str, ColumnStats]

    def width(self, column: TableColumn) -> float | None:
        """Bytes of one value of the column; None where nothing tells."""
        known = self.columns.get(column.name, ColumnStats())
        return width(column.type, known.data_size, self.rows)


@dataclass(frozen=True, slots=True)
class Table:
    """One table, looked at in a caller's name."""

    warehouse: Warehouse
    name: TableName

    @property
    def sql(self) -> str:
        return f"{quoted(self.name.catalog)}.{quoted(self.name.schema)}.{quoted(self.name.table)}"

    async def columns(self) -> tuple[TableColumn, ...]:
        """Raises NoSuchTable, naming the nearest one there is."""
        try:
            result = await self.warehouse.ask(f"SHOW COLUMNS FROM {self.sql}", _TOOL)
        except EngineFailure as failure:
            raise await self._missing(failure) from None
        return tuple(
            TableColumn(str(row[0]), str(row[1]), "partition" in str(row[2]), str(row[3] or ""))
            for row in result.rows
        )

    async def stats(self) -> TableStats:
        """Empty where the connector keeps none."""
        try:
            result = await self.warehouse.ask(f"SHOW STATS FOR {self.sql}", _TOOL)
        except (EngineFailure, TooMuch):
            return TableStats(None, {})
        names = [column.name for column in result.columns]
        rows = [dict(zip(names, row, strict=True)) for row in result.rows]
        total = next((row["row_count"] for row in rows if row["column_name"] is None), None)
        columns = {
            str(row["column_name"]): ColumnStats(
                _number(row["data_size"]),
                _number(row["distinct_values_count"]),
                _number(row["nulls_fraction"]),
                row["low_value"],
                row["high_value"],
            )
            for row in rows
            if row["column_name"] is not None
        }
        return TableStats(_number(total), columns)

    async def newest_partitions(self, keys: tuple[str, ...], count: int) -> list[list[Any]]:
        """The last ones by their keys' order; empty where the connector tells none."""
        listed = f"{quoted(self.name.catalog)}.{quoted(self.name.schema)}"
        hidden = quoted(f"{self.name.table}$partitions")
        order = ", ".join(f"{place + 1} DESC" for place in range(len(keys)))
        chosen = ", ".join(map(quoted, keys))
        sql = f"SELECT {chosen} FROM {listed}.{hidden} ORDER BY {order} LIMIT {count}"  # noqa: S608  # every name is quoted
        try:
            return (await self.warehouse.ask(sql, _TOOL)).rows
        except (EngineFailure, TooMuch):
            return []

    async def _missing(self, failure: EngineFailure) -> NoSuchTable:
        names = VisibleNames(self.warehouse)
        known = await names.tables(self.name.catalog, self.name.schema)
        near = near_names(self.name.table, known)
        meant = f" Perhaps you mean {', '.join(near)}." if near else ""
        return NoSuchTable(
            f"There is no table {self.name} ({failure.name}).{meant} find_tables searches all."
        )


def table_of(warehouse: Warehouse, written: str) -> Table:
    """The table of that name, short or in full. Raises NoSuchTable for a hidden or half name."""
    parts = VisibleNames(warehouse).full(written.replace('"', ""))
    if not parts:
        raise NoSuchTable(f"{written} is not whole: name the table as catalog.schema.table.")
    name = TableName(*parts)
    if not warehouse.sees(name.catalog) or name.catalog == "system":
        raise NoSuchTable(f"There is no table {name}. find_tables searches all.")
    return Table(warehouse, name)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
