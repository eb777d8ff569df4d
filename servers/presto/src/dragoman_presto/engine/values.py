"""Exact values by Presto's type, in JSON that every reader parses to the same.

Presto writes decimals, dates, times, binary (base64), NaN and infinities as text. Values of rows,
arrays and maps come either nested or, by default since 0.282, as text that holds JSON.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from dragoman_presto.engine.kinds import Kind, UnknownKind, read_kind
from dragoman_presto.engine.pages import Column

# Beyond these a JavaScript reader of the JSON rounds an integer.
LARGEST = 2**53 - 1
INTEGERS = frozenset({"bigint", "integer", "smallint", "tinyint"})
NESTED = frozenset({"row", "array", "map"})

Exact = Callable[[Any], Any]


def exact_rows(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """The rows with every value exact: integers beyond 2^53 as text, nested ones as JSON.

    A row with names becomes an object, without them an array; a map an object by its keys' text.
    """
    changed = [(place, _exact(_kind(column))) for place, column in enumerate(columns)]
    needed = [(place, exact) for place, exact in changed if exact is not None]
    done = [list(row) for row in rows]
    for place, exact in needed:
        for row in done:
            value = row[place]
            if value is not None:
                row[place] = exact(value)
    return done


def exact_integer(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """The integer, as text where JSON readers would round it."""
    return str(value) if isinstance(value, int) and abs(value) > LARGEST else value


def _kind(column: Column) -> Kind:
    try:
        return read_kind(column.type)
    except UnknownKind:
        return Kind("unknown")


def _exact(kind: Kind) -> Exact | None:
    """How values of the kind become exact; None where they are already."""
    if kind.name in NESTED:
        return lambda value: _nested(kind, value)
    return None if kind.name == "boolean" else _plain


def _plain(value: Any) -> Any:  # noqa: ANN401 (JSON)
    if type(value) is int:
        return exact_integer(value)
    if isinstance(value, (list, dict)):
        return _whole(value)
    return value


def _nested(kind: Kind, value: Any) -> Any:  # noqa: ANN401 (JSON)
    """A nested value; text that is not what its type says stays as it is."""
    parsed = _parsed(value) if isinstance(value, str) else value
    if kind.name == "map" and isinstance(parsed, dict):
        return {str(key): _inner(kind.inside[1], one) for key, one in _items(parsed)}
    if kind.name == "array" and isinstance(parsed, list):
        return [_inner(kind.inside[0], one) for one in _list(parsed)]
    if kind.name == "row" and isinstance(parsed, list):
        return _row(kind, _list(parsed))
    if kind.name == "row" and isinstance(parsed, dict):
        return _row(kind, [one for _, one in _items(parsed)])
    return _plain(value)


def _row(kind: Kind, values: list[Any]) -> Any:  # noqa: ANN401 (JSON)
    if len(values) != len(kind.inside):
        return _whole(values)
    exact = [_inner(inside, one) for inside, one in zip(kind.inside, values, strict=True)]
    names = kind.fields
    if all(names) and len(set(names)) == len(names):
        return dict(zip(names, exact, strict=True))
    return exact


def _inner(kind: Kind, value: Any) -> Any:  # noqa: ANN401 (JSON)
    if value is None:
        return None
    return _nested(kind, value) if kind.name in NESTED else _plain(value)


def _parsed(text: str) -> Any:  # noqa: ANN401 (JSON)
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def _whole(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """JSON of no known type, with its integers exact."""
    if isinstance(value, dict):
        return {str(key): _whole(one) for key, one in _items(value)}
    if isinstance(value, list):
        return [_whole(one) for one in _list(value)]
    return exact_integer(value)


def _list(value: Any) -> list[Any]:  # noqa: ANN401 (JSON)
    return value


def _items(value: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 (JSON)
    return list(value.items())
