"""What the tokens alone prove of a query or of a metadata statement, whatever a parser thinks.

Every rule here holds for any text that Presto's grammar accepts: words that no query can hold, a
relation that is a table function, a path into the `system` catalog.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dragoman_presto.gate.grammar import is_plain_name
from dragoman_presto.gate.lexer import Token, name_of

MAX_DEPTH = 200

_NEVER_IN_A_QUERY = frozenset(
    (
        *("ALTER", "CREATE", "DEALLOCATE", "DELETE", "DESCRIBE", "DROP", "EXECUTE"),
        *("INSERT", "INTO", "PREPARE"),
    )
)


@dataclass(frozen=True)
class Objection:
    """Why the tokens are refused, at which of them, and what to do."""

    at: int
    reason: str
    hint: str


def object_to(tokens: Sequence[Token], *, rows: bool) -> Objection | None:
    """The first objection; `rows` says that the statement reads rows and is no metadata."""
    return (
        _second_statement(tokens)
        or _unbalanced(tokens)
        or _no_name(tokens)
        or _table_function(tokens)
        or _system(tokens, shortest=3 if rows else _shortest_metadata(tokens))
    )


def stray_word(tokens: Sequence[Token]) -> Objection | None:
    """A reserved word of another statement: it stands in no query, not even as a name."""
    for at, token in enumerate(tokens):
        if token.kind == "word" and token.text in _NEVER_IN_A_QUERY:
            return Objection(
                at,
                f"{token.text}, a word that no query can hold",
                f'Write "{token.text.lower()}" in double quotes if it is a name.',
            )
    return None


def _second_statement(tokens: Sequence[Token]) -> Objection | None:
    for at, token in enumerate(tokens):
        if token.kind == "operator" and token.text == ";":
            return Objection(
                at, "a semicolon between statements", "Send one statement; others in calls apart."
            )
    return None


def _unbalanced(tokens: Sequence[Token]) -> Objection | None:
    open_ones: list[str] = []
    for at, token in enumerate(tokens):
        if token.kind != "operator":
            continue
        if token.text in "([":
            open_ones.append(")" if token.text == "(" else "]")
            if len(open_ones) > MAX_DEPTH:
                reason = f"more than {MAX_DEPTH} brackets inside one another"
                return Objection(at, reason, "Split it up with WITH.")
        elif token.text in ")]" and (not open_ones or open_ones.pop() != token.text):
            return Objection(at, f"{token.text} without its opening one", "Balance the brackets.")
    if open_ones:
        return Objection(len(tokens) - 1, f"the end, where {open_ones[-1]} is missing", "Close it.")
    return None


def _no_name(tokens: Sequence[Token]) -> Objection | None:
    for at, token in enumerate(tokens):
        if token.kind == "backquoted":
            return Objection(
                at, "a name in backquotes", 'Presto quotes names with "double quotes".'
            )
        if token.kind == "digits":
            return Objection(at, "a name that begins with a digit", "Put it in double quotes.")
        if token.kind == "word" and not is_plain_name(token):
            hint = "Put the name in double quotes; for x::type write CAST(x AS type)."
            return Objection(at, "a name with a character that Presto forbids", hint)
    return None


def _table_function(tokens: Sequence[Token]) -> Objection | None:
    for at, (token, after) in enumerate(pairwise(tokens)):
        if token.text == "TABLE" and token.kind == "word" and after.text == "(":
            hint = "Read tables and views; a table function can run any statement elsewhere."
            return Objection(at, "a table function", hint)
    return None


def _system(tokens: Sequence[Token], *, shortest: int) -> Objection | None:
    for at, names in _paths(tokens):
        if names[0] == "system" and len(names) >= shortest:
            hint = "It shows other people's queries; get_query tells of your own."
            return Objection(at, "the system catalog", hint)
    return None


def _shortest_metadata(tokens: Sequence[Token]) -> int:
    """SHOW SCHEMAS names a catalog alone, all other statements at least a schema in it."""
    return 1 if len(tokens) > 1 and tokens[1].text == "SCHEMAS" else 2


def _paths(tokens: Sequence[Token]) -> Iterator[tuple[int, list[str]]]:
    """Names joined by dots, each path with the number of its first token."""
    at = 0
    while at < len(tokens):
        name = name_of(tokens[at])
        if name is None:
            at += 1
            continue
        start, names = at, [name]
        while at + 2 < len(tokens) and tokens[at + 1].text == ".":
            following = name_of(tokens[at + 2])
            if following is None:
                break
            names.append(following)
            at += 2
        at += 1
        yield start, names
