"""From a failure and the statement to the one sentence that mends it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Protocol

import anyio.to_thread

from dragoman_presto.gate.lexer import Token, lex
from dragoman_presto.mistakes.cause import Cause, Failure, Mistake
from dragoman_presto.mistakes.dialect import FUNCTIONS, TYPES, foreign_words
from dragoman_presto.mistakes.messages import understood
from dragoman_presto.mistakes.scope import Scope, scope_of

_DATES = ("date", "timestamp", "time")
_TEXTS = ("varchar", "char")
_NUMBERS = ("bigint", "integer", "smallint", "tinyint", "double", "real", "decimal")
_MOST_NAMES = 5


class Names(Protocol):
    """What there is, as this caller may see it; empty for what is not there or is hidden."""

    async def catalogs(self) -> Sequence[str]: ...

    async def schemas(self, catalog: str) -> Sequence[str]: ...

    async def tables(self, catalog: str, schema: str) -> Sequence[str]: ...

    async def columns(self, table: str) -> Sequence[str]:
        """Of a table as the statement writes it, short or in full."""
        ...

    async def functions(self) -> Sequence[str]: ...


async def explained(failure: Failure, sql: str, names: Names) -> Mistake:
    """The cause, sharpened by the statement's own text and by the names that there are."""
    mistake = understood(failure)
    statement = await anyio.to_thread.run_sync(_Statement.of, sql, failure)
    if mistake.cause in {Cause.SYNTAX, Cause.OTHER_DIALECT}:
        return _syntax(mistake, statement)
    if mistake.advice:
        return mistake
    return await _with_names(mistake, statement, names)


async def _with_names(mistake: Mistake, statement: "_Statement", names: Names) -> Mistake:
    match mistake.cause:
        case Cause.TYPE_MISMATCH:
            return replace(mistake, advice=_types(mistake.names))
        case Cause.UNKNOWN_TYPE:
            return _type(mistake)
        case Cause.UNKNOWN_FUNCTION:
            return await _function(mistake, names)
        case Cause.UNKNOWN_COLUMN:
            return await _column(mistake, statement, names)
        case Cause.UNKNOWN_TABLE | Cause.UNKNOWN_SCHEMA | Cause.UNKNOWN_CATALOG:
            return await _table(mistake, names)
        case _:
            return mistake


@dataclass(frozen=True, slots=True)
class _Statement:
    sql: str
    tokens: tuple[Token, ...]
    at: int
    unclosed: str

    @classmethod
    def of(cls, sql: str, failure: Failure) -> "_Statement":
        lines = sql.split("\n")
        before = sum(len(line) + 1 for line in lines[: max(0, failure.line - 1)])
        lexed = lex(sql)
        fault = lexed.fault
        return cls(
            sql,
            lexed.tokens,
            before + max(0, failure.column - 1),
            f"{fault.reason[0].upper()}{fault.reason[1:]}. {fault.hint}" if fault else "",
        )

    def token(self) -> Token | None:
        return next((token for token in self.tokens if token.start >= self.at), None)


def _syntax(mistake: Mistake, statement: _Statement) -> Mistake:
    if statement.unclosed:
        cause = Cause.UNCLOSED if "closed" in statement.unclosed else Cause.OTHER_DIALECT
        return replace(mistake, cause=cause, advice=statement.unclosed)
    if advice := _foreign(mistake, statement):
        return replace(mistake, cause=Cause.OTHER_DIALECT, advice=advice)
    opened = sum(token.text == "(" for token in statement.tokens)
    closed = sum(token.text == ")" for token in statement.tokens)
    if opened != closed:
        missing = "a ) is missing" if opened > closed else "there is one ) too many"
        return replace(mistake, cause=Cause.UNCLOSED, advice=f"Count the parentheses: {missing}.")
    return replace(mistake, advice=_out_of_place(mistake, statement))


def _foreign(mistake: Mistake, statement: _Statement) -> str:
    if any(token.kind == "backquoted" for token in statement.tokens):
        return 'Presto quotes names with "double quotes", not backquotes.'
    if ":" in mistake.names:
        return "Write CAST(x AS type) for x::type."
    return foreign_words(statement.tokens, statement.at)


def _out_of_place(mistake: Mistake, statement: _Statement) -> str:
    """Presto stops at the first word that cannot stand there; the fault is often one before."""
    here = statement.token()
    if "<EOF>" in mistake.names:
        return "The statement stops too early: finish its last clause."
    if here is None:
        return "Check the end of the statement."
    before = [token for token in statement.tokens if token.start < here.start]
    after = f" after {before[-1].text}" if before else ""
    return f"{here.text} cannot stand{after}: check the clause just before it."


def _types(names: Sequence[str]) -> str:
    kinds = [kind.strip() for name in names for kind in re.split(r",\s*(?![^(]*\))", name)]
    bare = [kind.split("(")[0].split(" ")[0].strip() for kind in kinds]
    if "[]" in kinds:
        return "Only arrays and maps take [ ]: substr(x, 1, 1) gives a letter of a text."
    dates = [kind for kind in bare if kind in _DATES]
    if dates and any(kind in _TEXTS for kind in bare):
        return f"Write the text as {dates[0].upper()} '…', or CAST the other side to varchar."
    if dates and any(kind in _NUMBERS for kind in bare):
        return (
            "A date takes an interval: date_add('day', n, x), or x - INTERVAL '7' DAY; date "
            "literals are DATE '2026-01-31'."
        )
    if any(kind in _NUMBERS for kind in bare) and any(kind in _TEXTS for kind in bare):
        return "Write the number without quotes, or CAST the text: TRY_CAST(x AS bigint)."
    return "CAST one side to the other's type."


def _type(mistake: Mistake) -> Mistake:
    name = mistake.names[0].strip("'\"").lower() if mistake.names else ""
    if name.startswith("interval"):
        return replace(mistake, advice="Quote only the number: INTERVAL '1' DAY.")
    head = name.split("(")[0].strip()
    known = TYPES.get(head)
    if known:
        return replace(mistake, cause=Cause.OTHER_DIALECT, advice=f"{head} is {known} in Presto.")
    return replace(mistake, advice="Presto has varchar, bigint, double, decimal, date, timestamp.")


async def _function(mistake: Mistake, names: Names) -> Mistake:
    name = mistake.names[0].lower()
    if name in FUNCTIONS:
        advice = f"{name} does not exist in Presto: write {FUNCTIONS[name]}."
        return replace(mistake, cause=Cause.OTHER_DIALECT, advice=advice)
    near = near_names(name, await names.functions())
    return replace(mistake, advice=_meant(near) or "SHOW FUNCTIONS lists what there is.")


async def _column(mistake: Mistake, statement: _Statement, names: Names) -> Mistake:
    written = mistake.names[0].lower()
    scope = await anyio.to_thread.run_sync(scope_of, statement.sql)
    here = statement.token()
    prefix, _, column = written.rpartition(".")
    if prefix and scope.tables and prefix.rpartition(".")[2] not in scope.qualifiers:
        known = ", ".join(sorted(scope.qualifiers)[:_MOST_NAMES])
        return replace(mistake, advice=f"No table here is called {prefix}; there are: {known}.")
    near = await _columnsnear_names(column, prefix, scope, names)
    if near:
        return replace(mistake, advice=_meant(near))
    if here is not None and here.kind == "quoted" and "." not in written:
        advice = f"Double quotes make a column name: write the text as '{here.text[1:-1]}'."
        return replace(mistake, cause=Cause.OTHER_DIALECT, advice=advice)
    if column in scope.aliases and not prefix:
        return replace(
            mistake,
            advice=f"{column} is named in SELECT, which runs later: repeat its expression, or "
            "filter in an outer query.",
        )
    return replace(mistake, advice="describe_table lists the columns of each table.")


async def _columnsnear_names(column: str, prefix: str, scope: Scope, names: Names) -> list[str]:
    """Close names first, else the same name in another table of the statement."""
    wanted = {prefix: scope.tables[prefix]} if prefix in scope.tables else scope.tables
    known = list(scope.outputs)
    for table in dict.fromkeys(wanted.values()):
        known += [name.lower() for name in await names.columns(table)]
    return near_names(column, known)


async def _table(mistake: Mistake, names: Names) -> Mistake:
    written = mistake.names[0].lower()
    if mistake.cause is Cause.UNKNOWN_CATALOG:
        return replace(mistake, advice=_meant(near_names(written, await names.catalogs())))
    if mistake.cause is Cause.UNKNOWN_SCHEMA:
        catalog, _, schema = written.rpartition(".")
        found = await names.schemas(catalog)
        return replace(mistake, advice=_meant(near_names(schema, found)) or _listed(found))
    catalog, _, rest = written.partition(".")
    schema, _, table = rest.partition(".")
    found = await names.tables(catalog, schema)
    near = [f"{catalog}.{schema}.{name}" for name in near_names(table, found)]
    return replace(mistake, advice=_meant(near) or "find_tables searches all you may see.")


def near_names(name: str, known: Sequence[str]) -> list[str]:
    """Names that could be meant, nearest first; the same letters in other case count, too."""
    lower = {one.lower(): one for one in known}
    squeezed = {re.sub(r"[_\W]", "", low): one for low, one in lower.items()}
    same = squeezed.get(re.sub(r"[_\W]", "", name))
    close = [lower[one] for one in get_close_matches(name, lower, n=3, cutoff=0.7)]
    return list(dict.fromkeys(([same] if same else []) + close))


def _meant(near: Sequence[str]) -> str:
    if not near:
        return ""
    others = f" (or {', '.join(near[1:])})" if near[1:] else ""
    return f"Perhaps you mean {near[0]}{others}."


def _listed(found: Sequence[str]) -> str:
    shown = ", ".join(list(found)[:_MOST_NAMES])
    return f"There are: {shown}." if shown else "find_tables searches all you may see."
