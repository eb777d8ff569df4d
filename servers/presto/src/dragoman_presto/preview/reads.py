"""Which tables a statement reads, behind views, too, and what it would write.

Source: EXPLAIN (TYPE IO, FORMAT JSON) of Presto 0.28x to 0.30x.
"""

from dataclasses import dataclass

import msgspec

from dragoman.errors import DragomanError


class PlanUnreadable(DragomanError):
    """Presto's plan does not have the shape that its versions so far have had."""


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    catalog: str
    schema: str
    table: str

    def __str__(self) -> str:
        return f"{self.catalog}.{self.schema}.{self.table}"


class _SchemaTable(msgspec.Struct, frozen=True):
    schema: str
    table: str


class _Table(msgspec.Struct, rename="camel", frozen=True):
    catalog: str
    schema_table: _SchemaTable

    def name(self) -> TableName:
        return TableName(self.catalog, self.schema_table.schema, self.schema_table.table)


class _Bound(msgspec.Struct, frozen=True):
    value: str | None = None
    bound: str = ""


class _Range(msgspec.Struct, frozen=True):
    low: _Bound = _Bound()
    high: _Bound = _Bound()


class _Domain(msgspec.Struct, rename="camel", frozen=True):
    nulls_allowed: bool = False
    ranges: tuple[_Range, ...] = ()


class _Constraint(msgspec.Struct, rename="camel", frozen=True):
    column_name: str
    domain: _Domain = _Domain()


class _Input(msgspec.Struct, rename="camel", frozen=True):
    table: _Table
    column_constraints: tuple[_Constraint, ...] = ()


class _Plan(msgspec.Struct, rename="camel", frozen=True):
    input_table_column_infos: tuple[_Input, ...] = ()
    output_table: _Table | None = None


@dataclass(frozen=True, slots=True)
class Reads:
    """`ranges` names, by table, the columns whose filters reach the table itself."""

    tables: tuple[TableName, ...]
    ranges: tuple[tuple[TableName, tuple[str, ...]], ...]
    writes: TableName | None

    def filtered(self, table: TableName) -> frozenset[str]:
        return frozenset(
            column for name, columns in self.ranges if name == table for column in columns
        )


def reads_of(plan: str) -> Reads:
    """Raises PlanUnreadable."""
    try:
        read = msgspec.json.decode(plan, type=_Plan)
    except msgspec.DecodeError as error:
        raise PlanUnreadable(
            "Presto's EXPLAIN (TYPE IO) cannot be read, so what the statement reads is unknown "
            "and it was not run. Tell the operator of this server."
        ) from error
    ranges = [
        (one.table.name(), tuple(each.column_name for each in one.column_constraints))
        for one in read.input_table_column_infos
    ]
    tables = tuple(sorted({name for name, _ in ranges}))
    output = read.output_table
    return Reads(tables, tuple(ranges), output.name() if output else None)
