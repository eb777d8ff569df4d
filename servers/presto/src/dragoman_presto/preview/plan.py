"""Presto's plan of a statement: what it scans, how much it expects, and whether it writes.

Source: EXPLAIN (FORMAT JSON) of Presto 0.28x to 0.30x. Numbers that Presto does not know are NaN.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

import msgspec

from dragoman_presto.preview.reads import PlanUnreadable

_CONNECTOR = re.compile(r"connectorId='([^']*)'")
_WRITERS = ("TableWriter", "TableFinish", "TableCommit", "TableDelete", "Delete", "MetadataDelete")


class _Estimate(msgspec.Struct, rename="camel", frozen=True):
    output_row_count: float | str = "NaN"
    total_size: float | str = "NaN"
    confident: bool = False


class _Node(msgspec.Struct, frozen=True):
    name: str
    identifier: str = ""
    details: str = ""
    children: "tuple[_Node, ...]" = ()
    estimates: tuple[_Estimate, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """One table scan. `rows` before the scan's own filter, `bytes` of the columns it reads.

    Both are None where Presto has no statistics.
    """

    catalog: str
    handle: str
    columns: tuple[str, ...]
    rows: float | None
    bytes: float | None
    confident: bool


@dataclass(frozen=True, slots=True)
class Plan:
    scans: tuple[Scan, ...]
    catalogs: frozenset[str]
    writes: bool


def plan_of(text: str) -> Plan:
    """Raises PlanUnreadable."""
    try:
        root = msgspec.json.decode(text, type=_Node)
    except msgspec.DecodeError as error:
        raise PlanUnreadable(
            "Presto's EXPLAIN (FORMAT JSON) cannot be read, so what the statement reads is unknown."
        ) from error
    nodes = list(_all(root))
    catalogs = {_catalog(found) for node in nodes for found in _CONNECTOR.findall(node.identifier)}
    return Plan(
        tuple(_scan(node) for node in nodes if "TableHandle {" in node.identifier),
        frozenset(catalogs),
        any(node.name.startswith(_WRITERS) for node in nodes),
    )


def _all(node: _Node) -> Iterator[_Node]:
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        waiting += here.children


def _scan(node: _Node) -> Scan:
    first = node.estimates[0] if node.estimates else _Estimate()
    connector = _CONNECTOR.search(node.identifier)
    columns = re.findall(r"^\S+ := (?:\w+:)?(\w+)", node.details, re.MULTILINE)
    return Scan(
        _catalog(connector[1]) if connector else "",
        node.identifier,
        tuple(name for name in columns if not name.startswith("combine_hash")),
        _known(first.output_row_count),
        _known(first.total_size),
        first.confident,
    )


def _catalog(connector: str) -> str:
    """`$info_schema@tpch` is tpch's own information schema."""
    return connector.rpartition("@")[2]


def _known(number: float | str) -> float | None:
    value = float(number)
    return value if isfinite(value) else None
