"""How much a statement would read, as far as Presto's plan and statistics tell."""

from collections.abc import Sequence
from dataclasses import dataclass

from dragoman_presto.client import Look, Warehouse
from dragoman_presto.preview.plan import Scan
from dragoman_presto.preview.reads import TableName
from dragoman_presto.tables import Table, TableColumn, TableStats

_MOST_TABLES = 12


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one table that the statement reads."""

    name: TableName
    columns: Sequence[TableColumn]
    stats: TableStats

    @property
    def partition_keys(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.is_partition)


@dataclass(frozen=True, slots=True)
class Weight:
    """`rows` and `bytes` are None where Presto cannot know them, never 0 for want of figures."""

    tables: tuple[Known, ...]
    rows: float | None
    bytes: float | None
    confidence: str


async def weigh(warehouse: Warehouse, look: Look) -> Weight:
    """The tables of up to twelve, and the sum over all scans of the plan."""
    names = look.reads.tables
    tables = tuple([await _known(warehouse, name) for name in names[:_MOST_TABLES]])
    if names and not look.scans:
        return Weight(tables, None, None, _confidence((), None))
    estimate = _total([_size(scan, tables) for scan in look.scans])
    rows = _total([scan.rows for scan in look.scans])
    return Weight(tables, rows, estimate, _confidence(look.scans, estimate))


async def _known(warehouse: Warehouse, name: TableName) -> Known:
    table = Table(warehouse, name)
    return Known(name, await table.columns(), await table.stats())


def _size(scan: Scan, tables: Sequence[Known]) -> float | None:
    """Bytes that a scan reads: Presto's own figure, else rows by the width of its columns."""
    if scan.bytes is not None:
        return scan.bytes
    known = _table_of(scan, tables)
    if scan.rows is None or known is None:
        return None
    wanted = [column for column in known.columns if column.name in scan.columns]
    if scan.columns and not wanted:
        return None
    widths = [known.stats.width(column) for column in wanted]
    if None in widths:
        return None
    return scan.rows * max(1.0, sum(each or 0.0 for each in widths))


def _table_of(scan: Scan, tables: Sequence[Known]) -> Known | None:
    """Connectors write their handles each in their own way; all of them name the table."""
    words = set(scan.handle.replace(":", " ").replace("=", " ").replace(",", " ").split())
    words |= {word.strip("'{}[]()") for word in words}
    return next(
        (one for one in tables if one.name.catalog == scan.catalog and one.name.table in words),
        None,
    )


def _confidence(scans: Sequence[Scan], estimate: float | None) -> str:
    if estimate is None:
        return "unknown: the tables have no statistics"
    return "high" if scans and all(scan.confident for scan in scans) else "low"


def _total(parts: Sequence[float | None]) -> float | None:
    """The sum; None as soon as one part is unknown."""
    return None if None in parts else sum(each or 0.0 for each in parts)
