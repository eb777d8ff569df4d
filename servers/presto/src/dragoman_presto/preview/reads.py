"""Which tables a statement reads, behind views, too, and what it would write.

Source: EXPLAIN (TYPE IO, FORMAT JSON) of Presto 0.28x to 0.30x.
"""

from collections.abc import Collection
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


Ranges = tuple[tuple[TableName, tuple[tuple[str, int | None], ...]], ...]


@dataclass(frozen=True, slots=True)
class Reads:
    """`ranges` names, by table, the columns whose filters reach the table itself.

    Beside each stands how many single values are left, None for a range.
    """

    tables: tuple[TableName, ...]
    ranges: Ranges
    writes: TableName | None

    def filtered(self, table: TableName) -> frozenset[str]:
        found = (columns for name, columns in self.ranges if name == table)
        return frozenset(column for columns in found for column, _ in columns)

    def values(self, table: TableName, columns: Collection[str]) -> int | None:
        """How many combinations of single values are left of these columns; None for ranges."""
        left = 1
        for name, constraints in self.ranges:
            for column, count in constraints if name == table else ():
                if column in columns:
                    if count is None:
                        return None
                    left *= count
        return left


def reads_of(plan: str) -> Reads:
    """Raises PlanUnreadable."""
    try:
        read = msgspec.json.decode(plan, type=_Plan)
    except msgspec.DecodeError as error:
        raise PlanUnreadable(
            "Presto's EXPLAIN (TYPE IO) cannot be read, so what the statement reads is unknown "
            "and it was not run. Tell the operator of this server."
        ) from error
    ranges = tuple(
        (one.table.name(), tuple(map(_constraint, one.column_constraints)))
        for one in read.input_table_column_infos
    )
    output = read.output_table
    tables = tuple(sorted({name for name, _ in ranges}))
    return Reads(tables, ranges, output.name() if output else None)


def _constraint(constraint: _Constraint) -> tuple[str, int | None]:
    return constraint.column_name, _singles(constraint.domain)


def _singles(domain: _Domain) -> int | None:
    """The number of values when all that is left are single ones."""
    for each in domain.ranges:
        if each.low.bound != "EXACTLY" or each.low != each.high:
            return None
    return len(domain.ranges) or None
