"""What a statement is, by its first words: EXPLAIN taken off, parentheses looked through.

Presto's grammar gives every statement but a query its own first word, and a query begins with
SELECT, WITH, VALUES, TABLE or a parenthesis; so exact tokens are a proof.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dragoman_presto.gate.kinds import Kind
from dragoman_presto.gate.lexer import Token

QUERY_WORDS = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})

_HEADS = {
    **dict.fromkeys(QUERY_WORDS, Kind.READ),
    **dict.fromkeys(("SHOW", "DESCRIBE", "DESC"), Kind.METADATA),
    "EXPLAIN": Kind.PLAN,
    **dict.fromkeys(
        ("INSERT", "DELETE", "UPDATE", "MERGE", "TRUNCATE", "ANALYZE", "REFRESH"), Kind.WRITE
    ),
    **dict.fromkeys(("CREATE", "DROP", "ALTER"), Kind.DDL),
    **dict.fromkeys(("GRANT", "REVOKE"), Kind.GRANT),
    **dict.fromkeys(("USE", "SET", "RESET"), Kind.SESSION),
    **dict.fromkeys(("START", "COMMIT", "ROLLBACK"), Kind.TRANSACTION),
    "CALL": Kind.CALL,
    **dict.fromkeys(("PREPARE", "EXECUTE", "DEALLOCATE"), Kind.PREPARE),
}

_LONG_VERBS = "CREATE DROP ALTER INSERT DELETE MERGE TRUNCATE REFRESH SET RESET START DEALLOCATE"

_MORE_OF_A_VERB = """
OR REPLACE TEMPORARY MATERIALIZED VECTOR TABLE VIEW SCHEMA FUNCTION TYPE ROLE INDEX SESSION
TRANSACTION INTO FROM PREPARE
"""


@dataclass(frozen=True)
class Head:
    """`kind` and `verb` are of the innermost statement, which begins at token `at`.

    `explained` counts the EXPLAINs around it; `executes` says that one of them runs it.
    """

    kind: Kind
    verb: str
    at: int
    explained: int = 0
    executes: bool = False


def head(tokens: Sequence[Token]) -> Head:
    at, explained, executes = 0, 0, False
    while _word(tokens, at) == "EXPLAIN":
        explained += 1
        inner = _after_options(tokens, at + 1)
        if _word(tokens, at + 1) == "ANALYZE":
            beyond = _after_options(tokens, at + 2)
            # EXPLAIN ANALYZE t is the plan of the statement ANALYZE t.
            if _begins_statement(tokens, beyond):
                inner, executes = beyond, True
        at = inner
    kind, verb = _classify(tokens, at)
    return Head(kind, verb, at, explained, executes)


def _after_options(tokens: Sequence[Token], at: int) -> int:
    """Behind VERBOSE and a list such as (TYPE IO, FORMAT JSON), where they stand."""
    if _word(tokens, at) == "VERBOSE":
        at += 1
    if _operator(tokens, at) != "(" or _word(tokens, at + 1) not in {"TYPE", "FORMAT"}:
        return at
    while at < len(tokens) and _operator(tokens, at) != ")":
        at += 1
    return at + 1


def _begins_statement(tokens: Sequence[Token], at: int) -> bool:
    return _operator(tokens, at) == "(" or _word(tokens, at) in _HEADS


def _classify(tokens: Sequence[Token], at: int) -> tuple[Kind, str]:
    while _operator(tokens, at) == "(":
        at += 1
    first = _word(tokens, at)
    kind = _HEADS.get(first, Kind.UNKNOWN)
    verb = _verb(tokens, at)
    if first == "DESCRIBE" and _word(tokens, at + 1) in {"INPUT", "OUTPUT"}:
        named = at + 2 < len(tokens) and _operator(tokens, at + 2) != "."
        return (Kind.PREPARE, f"{verb} {_word(tokens, at + 1)}") if named else (kind, verb)
    if verb == "CREATE TABLE" and _makes_rows(tokens, at):
        return Kind.WRITE, "CREATE TABLE AS"
    if verb in {"CREATE ROLE", "DROP ROLE"}:
        return Kind.GRANT, verb
    return (Kind.WRITE, verb) if verb == "CREATE VECTOR INDEX" else (kind, verb)


def _verb(tokens: Sequence[Token], at: int) -> str:
    """CREATE OR REPLACE VIEW, DROP TABLE, SELECT: the words that name the statement."""
    words = [_word(tokens, at)]
    more = _MORE_OF_A_VERB.split() if words[0] in _LONG_VERBS.split() else []
    while _word(tokens, at + len(words)) in more:
        words.append(_word(tokens, at + len(words)))
    return " ".join(words)


def _makes_rows(tokens: Sequence[Token], at: int) -> bool:
    depth = 0
    for token in tokens[at:]:
        if token.kind == "operator":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        elif token.kind == "word" and token.text == "AS" and depth == 0:
            return True
    return False


def _word(tokens: Sequence[Token], at: int) -> str:
    """The unquoted word there, in upper case; empty where something else stands."""
    return tokens[at].text if at < len(tokens) and tokens[at].kind == "word" else ""


def _operator(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if at < len(tokens) and tokens[at].kind == "operator" else ""
