"""How many bytes a value takes in Presto's pages, where statistics do not say."""

from collections.abc import Mapping

_FIXED: Mapping[str, int] = {
    "boolean": 2,
    "tinyint": 2,
    "smallint": 3,
    "integer": 5,
    "date": 5,
    "real": 5,
    "bigint": 9,
    "double": 9,
    "timestamp": 9,
    "timestamp with time zone": 9,
    "time": 9,
    "time with time zone": 9,
}
_LENGTH = 5
"""Offset and null flag beside the bytes of a value of any length."""


def width(kind: str, data_size: float | None, rows: float | None) -> float | None:
    """Bytes of one value; None for a type of any length without statistics of its size."""
    name = kind.partition("(")[0].strip().lower()
    if name == "decimal":
        return 9.0 if _precision(kind) <= 18 else 17.0
    if name in _FIXED:
        return float(_FIXED[name])
    if data_size is not None and rows:
        return data_size / rows + _LENGTH
    return None


def _precision(kind: str) -> int:
    inside = kind.partition("(")[2].partition(",")[0].rstrip(")").strip()
    return int(inside) if inside.isdigit() else 38
