"""Which tables, aliases and computed names a statement speaks of, read without running it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dragoman_presto.gate.lexer import Token, lex, name_of

_BEFORE_TABLE = {"FROM", "JOIN"}
_AFTER_TABLE = {
    "WHERE", "GROUP", "ORDER", "LIMIT", "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "ON",
    "USING", "UNION", "EXCEPT", "INTERSECT", "HAVING", "TABLESAMPLE", "NATURAL",
}  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """`tables`: alias or name, and the table as written. `outputs`: columns that subqueries make.

    `aliases` are the names that SELECT gives its columns, which WHERE cannot see.
    """

    tables: Mapping[str, str] = field(default_factory=dict[str, str])
    outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def qualifiers(self) -> frozenset[str]:
        return frozenset(self.tables)


def scope_of(sql: str) -> Scope:
    """By the tree where sqlglot reads the statement, else by its tokens alone."""
    try:
        tree = sqlglot.parse_one(sql, read="presto")
    except (SqlglotError, RecursionError):
        return Scope(_by_tokens(lex(sql).tokens))
    made = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    tables = {
        table.alias_or_name.lower(): _written(table)
        for table in tree.find_all(exp.Table)
        if table.name.lower() not in made or table.db
    }
    aliases = tuple(alias.alias.lower() for alias in tree.find_all(exp.Alias) if alias.alias)
    inner = tuple(
        name.lower()
        for select in tree.find_all(exp.Select)
        if select.parent_select is not None or select.find_ancestor(exp.CTE, exp.Subquery)
        for name in select.named_selects
        if name and name != "*"
    )
    return Scope(tables, inner, aliases)


def _written(table: exp.Table) -> str:
    return ".".join(part for part in (table.catalog, table.db, table.name) if part)


def _by_tokens(tokens: tuple[Token, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for at, token in enumerate(tokens):
        if token.kind == "word" and token.text in _BEFORE_TABLE:
            written, end = _table_at(tokens, at + 1)
            if written:
                found[_alias_at(tokens, end) or written.rpartition(".")[2]] = written
    return found


def _table_at(tokens: tuple[Token, ...], at: int) -> tuple[str, int]:
    parts: list[str] = []
    while at < len(tokens) and (name := name_of(tokens[at])):
        parts.append(name)
        at += 1
        if at < len(tokens) and tokens[at].text == ".":
            at += 1
            continue
        break
    return ".".join(parts), at


def _alias_at(tokens: tuple[Token, ...], at: int) -> str:
    if at < len(tokens) and tokens[at].text == "AS":
        at += 1
    if at >= len(tokens) or (tokens[at].kind == "word" and tokens[at].text in _AFTER_TABLE):
        return ""
    return name_of(tokens[at]) or ""
