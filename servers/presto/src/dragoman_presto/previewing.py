"""What a statement would read and cost, and whether it would be let through."""

from dragoman_presto.client import Warehouse
from dragoman_presto.engine.errors import EngineFailure
from dragoman_presto.failing import failed
from dragoman_presto.models import Preview, ReadTable
from dragoman_presto.preview.reads import Reads
from dragoman_presto.tables import Table
from dragoman_presto.weighing import Known, weigh

_TOOL = "preview_query"


async def preview(warehouse: Warehouse, sql: str) -> Preview:
    """Valid or not, tables behind views, filters that reach partitions, estimate, budget.

    Raises NotRun for what the gate refuses and StatementFailed for what Presto cannot plan.
    """
    verdict = await warehouse.read_only(sql)
    try:
        look = await warehouse.look(verdict, _TOOL)
        weight = await weigh(warehouse, look)
        advice = [await _advice(warehouse, known, look.reads) for known in weight.tables]
    except EngineFailure as failure:
        raise await failed(warehouse, failure, sql) from None
    return Preview(
        valid=True,
        kind=verdict.kind.value,
        tables=[_read(known, look.reads) for known in weight.tables],
        rows=None if weight.rows is None else round(weight.rows),
        bytes=None if weight.bytes is None else round(weight.bytes),
        confidence=weight.confidence,
        budget=_budget(warehouse.budget, weight.bytes),
        advice=[line for line in advice if line],
    )


def _budget(budget: int | None, estimate: float | None) -> str:
    if budget is None:
        return "none is set"
    if estimate is None:
        return f"unknown; the engine stops it after {budget / 1e9:,.1f} GB"
    word = "above" if estimate > budget else "within"
    return f"{word} the {budget / 1e9:,.1f} GB of your group"


def _read(known: Known, reads: Reads) -> ReadTable:
    filtered = reads.filtered(known.name)
    keys = known.partition_keys
    return ReadTable(
        table=str(known.name),
        rows=None if known.stats.rows is None else round(known.stats.rows),
        partition_keys=list(keys),
        filtered_by=sorted(filtered),
    )


async def _advice(warehouse: Warehouse, known: Known, reads: Reads) -> str:
    """A partitioned table that no filter narrows is read whole."""
    keys = known.partition_keys
    if not keys or await _narrowed(warehouse, known, reads):
        return ""
    newest = await Table(warehouse, known.name).newest_partitions(keys, 1)
    last = f" (newest: {', '.join(str(value) for value in newest[0])})" if newest else ""
    return f"{known.name} is read whole: filter on its partition column {', '.join(keys)}{last}."


async def _narrowed(warehouse: Warehouse, known: Known, reads: Reads) -> bool:
    """Whether filters leave out a partition: hive reports every key, with all its values."""
    keys = set(known.partition_keys) & reads.filtered(known.name)
    if not keys:
        return False
    values = reads.values(known.name, keys)
    if values is None:
        return True
    partitions = await Table(warehouse, known.name).newest_partitions(tuple(sorted(keys)), 1_000)
    return not partitions or len({tuple(row) for row in partitions}) > values
