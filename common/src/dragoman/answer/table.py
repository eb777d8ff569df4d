"""JSON as compact text: `key: value` lines, and tables where they cost less."""

from collections.abc import Mapping, Sequence
from json import dumps

from typing_extensions import TypeIs

from dragoman.answer.canonical import Json, canonical
from dragoman.answer.untrusted import fence

_SPECIAL = frozenset('\n\r\t"')


def rendered(value: Json, untrusted: frozenset[str] = frozenset()) -> str:
    """The value as text; every leaf is in it. Paths in `untrusted` are fenced."""
    if isinstance(value, Mapping):
        return "\n".join(_fields(value, "", untrusted))
    return "\n".join(_named("value", value, "", untrusted))


def _fields(value: Mapping[str, Json], path: str, untrusted: frozenset[str]) -> list[str]:
    lines: list[str] = []
    for key, item in value.items():
        lines += _named(key, item, f"{path}.{key}" if path else key, untrusted)
    return lines


def _named(key: str, value: Json, path: str, untrusted: frozenset[str]) -> list[str]:
    name = _name(key)
    match value:
        case str():
            return [f"{name}: {_leaf(value, path, untrusted)}"]
        case Mapping():
            body = _fields(value, path, untrusted) if value else ["{}"]
            return [f"{name}:", *(f" {line}" for part in body for line in part.split("\n"))]
        case Sequence():
            return _list(name, value, path, untrusted)
        case _:
            return [f"{name}: {_leaf(value, path, untrusted)}"]


def _list(name: str, value: Sequence[Json], path: str, untrusted: frozenset[str]) -> list[str]:
    shapes = [_lines(name, value, path, untrusted)]
    if path not in untrusted and all(_is_plain(item) for item in value):
        shapes.append([f"{name}: {', '.join(_apart(item, ', ') for item in value)}"])
    table = _table(name, value, path, untrusted)
    if table:
        shapes.append(table)
    return min(shapes, key=lambda lines: sum(len(line.encode()) + 1 for line in lines))


def _lines(name: str, value: Sequence[Json], path: str, untrusted: frozenset[str]) -> list[str]:
    lines = [f"{name}:"]
    for item in value:
        body = _item(item, path, untrusted)
        first, *rest = [line for part in body for line in part.split("\n")]
        lines += [f"- {first}", *(f"  {line}" for line in rest)]
    return lines


def _item(item: Json, path: str, untrusted: frozenset[str]) -> list[str]:
    match item:
        case str():
            return [_leaf(item, path, untrusted)]
        case Mapping():
            return _fields(item, path, untrusted) or ["{}"]
        case Sequence():
            return _lines("", item, path, untrusted)[1:] or ["[]"]
        case _:
            return [_leaf(item, path, untrusted)]


def _table(
    name: str, value: Sequence[Json], path: str, untrusted: frozenset[str]
) -> list[str] | None:
    """One line a row under one line of names; None unless every cell is a plain leaf."""
    if all(_is_row(item) for item in value) and path not in untrusted:
        return [
            f"{name}:",
            *("|".join(_apart(cell, "|") for cell in item) for item in value if _is_row(item)),
        ]
    rows = [item for item in value if isinstance(item, Mapping)]
    if len(rows) != len(value) or len(rows) < 2:
        return None
    columns = list(dict.fromkeys(key for row in rows for key in row))
    if any(f"{path}.{column}" in untrusted for column in columns):
        return None
    if not all(_is_plain(item) for row in rows for item in row.values()):
        return None
    header = f"{name}: {'|'.join(map(_name, columns))}"
    return [header, *("|".join(_in_row(row, column) for column in columns) for row in rows)]


def _in_row(row: Mapping[str, Json], column: str) -> str:
    return _apart(row[column], "|") if column in row else ""


def _is_row(item: Json) -> TypeIs[Sequence[Json]]:
    if isinstance(item, (str, Mapping)) or not isinstance(item, Sequence):
        return False
    return bool(item) and all(_is_plain(cell) for cell in item)


def _is_plain(value: Json) -> bool:
    if isinstance(value, str):
        return not (_SPECIAL & set(value))
    return not isinstance(value, (Mapping, Sequence))


def _leaf(value: Json, path: str, untrusted: frozenset[str]) -> str:
    if isinstance(value, str) and path in untrusted:
        return fence(value)
    return _cell(value)


def _apart(value: Json, separator: str) -> str:
    """The value as one of several in a line; quoted where it holds their separator."""
    if isinstance(value, str) and separator in value:
        return dumps(value, ensure_ascii=False)
    return _cell(value)


def _cell(value: Json) -> str:
    if not isinstance(value, str):
        return canonical(value).decode()
    quoted = not value or value != value.strip() or "\n" in value or "\r" in value
    return dumps(value, ensure_ascii=False) if quoted else value


def _name(key: str) -> str:
    return key if key and not (_SPECIAL & set(key)) else dumps(key, ensure_ascii=False)
