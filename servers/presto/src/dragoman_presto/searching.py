"""Tables that a question could mean, best first, over all catalogs the caller may see."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from dragoman.answer.budget import Budget, Coverage, fit
from dragoman_presto.client import Warehouse
from dragoman_presto.engine.errors import EngineFailure
from dragoman_presto.errors import NotRun, TooMuch
from dragoman_presto.models import FoundTable, Tables, VerifiedQuery
from dragoman_presto.names import VisibleNames, quoted
from dragoman_presto.notes import Notes, QueryNote
from dragoman_presto.preview.reads import TableName

_TOOL = "find_tables"
_CLOSE = 0.82
_MOST_WORDS = 8
_FILLER = frozenset(
    [
        *("a", "an", "and", "by", "for", "from", "how", "in", "many", "me", "much", "of", "on"),
        *("or", "per", "show", "the", "to", "what", "which"),
    ]
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    name: TableName
    columns: tuple[str, ...] = ()


async def search(warehouse: Warehouse, text: str, catalog: str, limit: int, tokens: int) -> Tables:
    """Ranked by words in name, note and columns; `not_searched` names the other catalogs."""
    words = _words(text)
    notes = Notes.read(warehouse.settings.notes_file)
    found: list[_Candidate] = []
    failed: list[str] = []
    for one in await _catalogs(warehouse, catalog):
        try:
            found += await _in_catalog(warehouse, one, words)
        except (EngineFailure, TooMuch):
            failed.append(one)
    scored = [(_score(each, words, notes), each) for each in found]
    ranked = sorted(
        [pair for pair in scored if pair[0] > 0 or not words],
        key=lambda pair: (-pair[0], pair[1].name),
    )
    rows = [_row(each, words, notes) for _, each in ranked[:limit]]
    kept = fit(rows, lambda row: row.model_dump_json(), Budget(tokens).less(text))
    claimed = None if failed else len(ranked)
    return Tables(
        tables=list(kept.items),
        queries=[_verified(one) for one in _queries(warehouse, notes, words)],
        coverage=Coverage(kept=kept.kept, delivered=len(ranked), claimed=claimed),
        not_searched=failed,
        next="" if kept.items else "Use other words, or none to list everything.",
    )


async def _catalogs(warehouse: Warehouse, catalog: str) -> Sequence[str]:
    known = await VisibleNames(warehouse).catalogs()
    if not catalog:
        return known
    if catalog not in known:
        raise NotRun(f"There is no catalog {catalog}; there are: {', '.join(known)}.")
    return [catalog]


async def _in_catalog(warehouse: Warehouse, catalog: str, words: Sequence[str]) -> list[_Candidate]:
    """Every table, with those of its columns that have one of the words."""
    schema = f"{quoted(catalog)}.information_schema"
    hidden = "table_schema <> 'information_schema'"
    named = await warehouse.ask(
        f"SELECT table_schema, table_name FROM {schema}.tables WHERE {hidden}",  # noqa: S608  # the catalog is quoted
        _TOOL,
    )
    tables = {(str(row[0]), str(row[1])): list[str]() for row in named.rows}
    if words:
        like = " OR ".join(f"column_name LIKE '%{word}%'" for word in words)
        columns = await warehouse.ask(
            f"SELECT table_schema, table_name, column_name FROM {schema}.columns "  # noqa: S608  # words are letters and digits
            f"WHERE {hidden} AND ({like})",
            _TOOL,
        )
        for owner, table, column in columns.rows:
            tables.setdefault((str(owner), str(table)), []).append(str(column))
    return [
        _Candidate(TableName(catalog, owner, table), tuple(columns))
        for (owner, table), columns in tables.items()
    ]


def _score(each: _Candidate, words: Sequence[str], notes: Notes) -> float:
    """A word in the table's own name weighs most, then the note, the schema, the columns."""
    note = notes.of(str(each.name))
    said = _words(f"{note.note} {note.owner}") if note else []
    total = 0.0
    for word in words:
        total += 4 * _fits(word, _words(each.name.table))
        total += 2 * _fits(word, said)
        total += _fits(word, _words(each.name.schema))
        total += _fits(word, [part for column in each.columns for part in _words(column)])
    return total * (1.5 if note and note.tier == 1 else 1.0)


def _fits(word: str, parts: Sequence[str]) -> float:
    """1 for the very word, less for a beginning, a part or a near spelling, else 0."""
    best = 0.0
    for part in parts:
        if part == word:
            return 1.0
        if part.startswith(word) or word.startswith(part):
            best = max(best, 0.7)
        elif word in part:
            best = max(best, 0.5)
        elif SequenceMatcher(None, word, part).ratio() >= _CLOSE:
            best = max(best, 0.4)
    return best


def _words(text: str) -> list[str]:
    """Words of letters and digits in lower case, without plural endings and filler."""
    found = re.findall(r"[a-z]+|[0-9]+", text.lower())
    stems = [word[:-1] if len(word) > 3 and word.endswith("s") else word for word in found]
    return [word for word in dict.fromkeys(stems) if word not in _FILLER][:_MOST_WORDS]


def _row(each: _Candidate, words: Sequence[str], notes: Notes) -> FoundTable:
    note = notes.of(str(each.name))
    fitting = [column for column in each.columns if _fits_any(words, _words(column))]
    return FoundTable(
        table=str(each.name),
        matched=", ".join(fitting[:5]),
        owner=note.owner if note else "",
        note=note.note if note else "",
    )


def _fits_any(words: Iterable[str], parts: Sequence[str]) -> bool:
    return any(_fits(word, parts) > 0 for word in words)


def _queries(warehouse: Warehouse, notes: Notes, words: Sequence[str]) -> list[QueryNote]:
    """Up to three that answer much the same question, of catalogs the caller may see."""
    scored = [
        (sum(_fits(word, _words(one.question)) for word in words) / len(words), one)
        for one in notes.queries
        if words and all(warehouse.sees(table.partition(".")[0]) for table in one.tables)
    ]
    good = [(score, one) for score, one in scored if score >= 0.5]
    return [one for _, one in sorted(good, key=lambda pair: (-pair[0], pair[1].question))[:3]]


def _verified(one: QueryNote) -> VerifiedQuery:
    return VerifiedQuery(question=one.question, sql=one.sql, owner=one.owner)
