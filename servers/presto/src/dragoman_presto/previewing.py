"""What a statement would read and cost, and whether it would be let through."""

from collections.abc import Sequence
from dataclasses import dataclass

from dragoman_presto.asking import failed
from dragoman_presto.client import Warehouse
from dragoman_presto.engine.errors import EngineFailure
from dragoman_presto.gate.kinds import Kind
from dragoman_presto.models import Preview, ReadTable
from dragoman_presto.preview.budget import Verdict, budget_of, weighed
from dragoman_presto.preview.plan import Scan, plan_of
from dragoman_presto.preview.reads import Reads, TableName
from dragoman_presto.tables import Table, TableColumn, TableStats

_TOOL = "preview_query"
_MOST_TABLES = 12


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one table that the statement reads."""

    name: TableName
    columns: Sequence[TableColumn]
    stats: TableStats

    @property
    def partition_keys(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.is_partition)


async def preview(warehouse: Warehouse, sql: str) -> Preview:
    """Valid or not, tables behind views, filters that reach partitions, estimate, budget.

    Raises NotRun for what the gate refuses and StatementFailed for what Presto cannot plan.
    """
    verdict = await warehouse.read_only(sql)
    if verdict.kind is not Kind.READ:
        return Preview(valid=True, kind=verdict.kind.value, verdict=Verdict.RUN.value)
    try:
        reads = await warehouse.reads(verdict, _TOOL)
        planned = await warehouse.ask(f"EXPLAIN (FORMAT JSON) {verdict.sql}", _TOOL)
    except EngineFailure as failure:
        raise await failed(warehouse, failure, sql) from None
    scans = plan_of(str(planned.rows[0][0])).scans
    tables = [await _known(warehouse, name) for name in reads.tables[:_MOST_TABLES]]
    sizes = [_size(scan, tables) for scan in scans]
    estimate = None if None in sizes else sum(size or 0.0 for size in sizes)
    budget = budget_of(warehouse.caller.groups, warehouse.settings.budgets)
    decided = weighed(estimate, budget)
    return Preview(
        valid=True,
        kind=verdict.kind.value,
        tables=[_read(known, reads) for known in tables],
        rows=_total([scan.rows for scan in scans]),
        bytes=None if estimate is None else round(estimate),
        confidence=_confidence(scans, estimate),
        verdict=decided.value,
        advice=[line for known in tables if (line := await _advice(warehouse, known, reads))],
    )


async def _known(warehouse: Warehouse, name: TableName) -> _Known:
    table = Table(warehouse, name)
    return _Known(name, await table.columns(), await table.stats())


def _size(scan: Scan, tables: Sequence[_Known]) -> float | None:
    """Bytes that a scan reads: Presto's own figure, else rows by the width of its columns."""
    if scan.bytes is not None:
        return scan.bytes
    known = _table_of(scan, tables)
    if scan.rows is None or known is None:
        return None
    wanted = [column for column in known.columns if column.name in scan.columns]
    widths = [known.stats.width(column) for column in wanted]
    if None in widths:
        return None
    return scan.rows * max(1.0, sum(each or 0.0 for each in widths))


def _table_of(scan: Scan, tables: Sequence[_Known]) -> _Known | None:
    """Connectors write their handles each in their own way; all of them name the table."""
    words = set(scan.handle.replace(":", " ").replace("=", " ").replace(",", " ").split())
    words |= {word.strip("'{}[]()") for word in words}
    return next(
        (one for one in tables if one.name.catalog == scan.catalog and one.name.table in words),
        None,
    )


def _read(known: _Known, reads: Reads) -> ReadTable:
    filtered = reads.filtered(known.name)
    keys = known.partition_keys
    return ReadTable(
        table=str(known.name),
        rows=None if known.stats.rows is None else round(known.stats.rows),
        partition_keys=list(keys),
        filtered_by=sorted(filtered),
    )


async def _advice(warehouse: Warehouse, known: _Known, reads: Reads) -> str:
    """A partitioned table that no filter narrows is read whole."""
    keys = known.partition_keys
    if not keys or await _narrowed(warehouse, known, reads):
        return ""
    newest = await Table(warehouse, known.name).newest_partitions(keys, 1)
    last = f" (newest: {', '.join(str(value) for value in newest[0])})" if newest else ""
    return f"{known.name} is read whole: filter on its partition column {', '.join(keys)}{last}."


async def _narrowed(warehouse: Warehouse, known: _Known, reads: Reads) -> bool:
    """Whether filters leave out a partition: hive reports every key, with all its values."""
    keys = set(known.partition_keys) & reads.filtered(known.name)
    if not keys:
        return False
    values = reads.values(known.name, keys)
    if values is None:
        return True
    partitions = await Table(warehouse, known.name).newest_partitions(tuple(sorted(keys)), 1_000)
    return not partitions or len({tuple(row) for row in partitions}) > values


def _confidence(scans: Sequence[Scan], estimate: float | None) -> str:
    if estimate is None:
        return "unknown: the tables have no statistics"
    return "high" if scans and all(scan.confident for scan in scans) else "low"


def _total(rows: Sequence[float | None]) -> int | None:
    return None if None in rows else round(sum(each or 0.0 for each in rows))
