"""Spark's own error catalogue, condensed: SQLSTATE and short message of each condition.

The table is made by `scripts/make_catalogue.py` from an installed pyspark.
"""

import gzip
from functools import cache
from importlib.resources import files
from typing import NamedTuple

__all__ = ["Condition", "known", "lookup", "sqlstate"]


class Condition(NamedTuple):
    """`sqlstate` is empty where Spark gives none (its legacy and Python conditions)."""

    name: str
    sqlstate: str
    template: str


def lookup(name: str) -> Condition | None:
    """A condition (`A_B`) or sub-condition (`A_B.C`); an unknown sub-condition gives `A_B`."""
    table = _table()
    return table.get(name) or table.get(name.partition(".")[0])


def known(name: str) -> bool:
    return lookup(name) is not None


def sqlstate(name: str) -> str | None:
    found = lookup(name)
    return (found.sqlstate or None) if found else None


@cache
def _table() -> dict[str, Condition]:
    packed = files("dragoman_spark").joinpath("catalogue.tsv.gz").read_bytes()
    rows = (line.split("\t", 2) for line in gzip.decompress(packed).decode().splitlines())
    return {name: Condition(name, state, template) for name, state, template in rows}
