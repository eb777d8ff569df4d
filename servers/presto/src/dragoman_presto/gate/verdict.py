"""Whether a statement may run without anybody's approval: only what is proved to change nothing.

A guard against accidents and against a model that was talked into something. The boundary that
holds against everything is the grants of the engine's user.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dragoman_presto.gate.grammar import first_unread, is_grammatical
from dragoman_presto.gate.head import Head, head
from dragoman_presto.gate.kinds import CHANGES, MEANING, WAY_OUT, Kind
from dragoman_presto.gate.lexer import Fault, Token, lex, place
from dragoman_presto.gate.proof import MAX_DEPTH, Objection, object_to, stray_word
from dragoman_presto.gate.tree import Opinion, opinion_of

MAX_BYTES = 64 * 1024

_GLANCE = 1024
_SENTENCE = 60


@dataclass(frozen=True)
class Refusal:
    """Why, where (line and column from 1, as Presto counts), and what to do instead.

    `syntax` says that the text is no Presto SQL, rather than not allowed.
    """

    reason: str
    line: int
    column: int
    hint: str
    syntax: bool = False

    def __str__(self) -> str:
        return f"line {self.line}:{self.column}: {self.reason} {self.hint}"


@dataclass(frozen=True)
class Verdict:
    """`sql` is what may be sent: the text as it came, without one last semicolon.

    `verb` names the innermost statement. `parsed` says that sqlglot reads the statement, too, so
    that its tree can be followed.
    """

    kind: Kind
    sql: str
    verb: str
    refusal: Refusal | None = None
    parsed: bool = False

    @property
    def accepted(self) -> bool:
        return self.refusal is None

    @property
    def changes(self) -> bool:
        """Whether it is a statement that a person may approve."""
        return self.kind in CHANGES

    @property
    def destroys(self) -> bool:
        """Whether it can drop, delete or overwrite what was there; when in doubt, yes."""
        return self.changes and self.verb not in _ADDS


_ADDS = frozenset(
    (
        *("INSERT INTO", "CREATE TABLE", "CREATE TABLE AS", "CREATE SCHEMA", "CREATE VIEW"),
        *("CREATE MATERIALIZED VIEW", "CREATE FUNCTION", "CREATE TEMPORARY FUNCTION"),
        *("CREATE TYPE", "CREATE ROLE", "CREATE VECTOR INDEX", "ANALYZE", "GRANT"),
    )
)


def judge(sql: str, *, catalog: str | None = None, schema: str | None = None) -> Verdict:
    """The verdict on one statement, sent with that session catalog and schema. Never raises."""
    unfit = _unfit(sql)
    if unfit is not None:
        found = head(lex(sql[:_GLANCE]).tokens)
        return Verdict(_outer_kind(found), sql, found.verb, unfit)
    lexed = lex(sql)
    tokens, text = _without_last_semicolon(lexed.tokens, sql)
    found = head(tokens)
    kind = _outer_kind(found)
    refusal = _refusal(text, tokens, found, lexed.fault) or _session(catalog, schema)
    if refusal is not None:
        return Verdict(kind, text, found.verb, refusal)
    if found.kind is not Kind.READ:
        return Verdict(kind, text, found.verb)
    return _read(kind, text, tokens, found)


def _unfit(sql: str) -> Refusal | None:
    """What cannot be sent at all."""
    try:
        size = len(sql.encode())
    except UnicodeEncodeError as error:
        reason = "There is half of a surrogate pair, which is no character."
        return _refuse(sql, error.start, reason, "Take it out.")
    if size > MAX_BYTES:
        reason = f"The statement is longer than {MAX_BYTES // 1024} kB."
        return Refusal(reason, 1, 1, "Join a table or filter by a range in place of long lists.")
    return None


def _without_last_semicolon(tokens: tuple[Token, ...], sql: str) -> tuple[tuple[Token, ...], str]:
    if tokens and tokens[-1].text == ";":
        return tokens[:-1], sql[: tokens[-1].start]
    return tokens, sql


def _outer_kind(found: Head) -> Kind:
    if not found.explained or found.kind is Kind.UNKNOWN:
        return found.kind
    if not found.executes:
        return Kind.PLAN
    reads = found.kind in {Kind.READ, Kind.METADATA}
    return Kind.EXECUTING_PLAN if reads else found.kind


def _refusal(sql: str, tokens: Sequence[Token], found: Head, fault: Fault | None) -> Refusal | None:
    """What speaks against it before anything is parsed."""
    if found.at < len(tokens):
        refusal = _by_head(sql, tokens, found)
        if refusal is not None:
            return refusal
    if fault is not None:
        return _refuse(sql, fault.start, f"There is {fault.reason}.", fault.hint, syntax=True)
    if found.at >= len(tokens):
        hint = "Send one SELECT, WITH, VALUES, TABLE, SHOW, DESCRIBE or EXPLAIN statement."
        return _refuse(sql, len(sql), "No statement stands here.", hint)
    return _by_tokens(sql, tokens, found)


def _by_head(sql: str, tokens: Sequence[Token], found: Head) -> Refusal | None:
    at = _first_word(tokens, found.at)
    if found.kind is Kind.UNKNOWN:
        begins = sql[at : at + _SENTENCE].split(maxsplit=1)
        reason = f"No Presto statement begins with {begins[0] if begins else 'that'}."
        hint = "Send one SELECT, WITH, VALUES, TABLE, SHOW, DESCRIBE or EXPLAIN statement."
        return _refuse(sql, at, reason, hint)
    if found.kind not in MEANING or (found.explained and not found.executes):
        return None
    runs = ", and EXPLAIN ANALYZE runs it" if found.executes else ""
    reason = f"{found.verb} makes this {MEANING[found.kind]}{runs}; only reads are let through."
    return _refuse(sql, at, reason, WAY_OUT[found.kind])


def _by_tokens(sql: str, tokens: Sequence[Token], found: Head) -> Refusal | None:
    inner = tokens[found.at :]
    rows = found.kind is not Kind.METADATA
    objection = object_to(inner, rows=rows)
    if objection is None and found.kind is Kind.READ:
        objection = stray_word(inner)
    if objection is not None:
        return _object(sql, inner, objection)
    rule = {"ANALYZE": "analyze"}.get(found.verb, None if rows else "metadata")
    return _by_grammar(sql, inner, rule) if rule else None


def _by_grammar(sql: str, tokens: Sequence[Token], rule: str) -> Refusal | None:
    """None where Presto reads the tokens as that rule."""
    try:
        if is_grammatical(rule, tokens):
            return None
        at = first_unread(rule, tokens)
    except RecursionError:
        return _too_deep(sql, tokens)
    start = tokens[at].start if at < len(tokens) else len(sql)
    what = sql[start : start + _SENTENCE].split(maxsplit=1)
    reason = f"Presto's grammar does not go on with {what[0] if what else 'the end'} here."
    return _refuse(sql, start, reason, "Correct the syntax from there.", syntax=True)


def _read(kind: Kind, sql: str, tokens: Sequence[Token], found: Head) -> Verdict:
    """A query: sqlglot reads it as nothing else, or Presto's own grammar does."""
    inner = tokens[found.at :]
    try:
        opinion = opinion_of(sql[inner[0].start :])
    except RecursionError:
        return Verdict(kind, sql, found.verb, _too_deep(sql, inner))
    if opinion is Opinion.READS:
        return Verdict(kind, sql, found.verb, parsed=True)
    if opinion is Opinion.OBJECTS:
        reason = "This reads as something else than a query."
        refusal = _refuse(sql, inner[0].start, reason, "Write it as a plain SELECT.")
        return Verdict(kind, sql, found.verb, refusal)
    return Verdict(kind, sql, found.verb, _by_grammar(sql, inner, "query"))


def _session(catalog: str | None, schema: str | None) -> Refusal | None:
    if "system" in {(catalog or "").strip().lower(), (schema or "").strip().lower()}:
        reason = "The session's catalog or schema is system, so any name could reach into it."
        return Refusal(reason, 1, 1, "Choose another catalog and schema.")
    return None


def _too_deep(sql: str, tokens: Sequence[Token]) -> Refusal:
    reason = f"The statement is nested too deeply (at most {MAX_DEPTH} levels are tried)."
    return _refuse(sql, tokens[0].start, reason, "Split it up with WITH.")


def _object(sql: str, tokens: Sequence[Token], objection: Objection) -> Refusal:
    start = tokens[objection.at].start
    return _refuse(sql, start, f"There is {objection.reason}.", objection.hint)


def _refuse(sql: str, start: int, reason: str, hint: str, *, syntax: bool = False) -> Refusal:
    return Refusal(reason, *place(sql, start), hint, syntax)


def _first_word(tokens: Sequence[Token], at: int) -> int:
    """Where the word stands that makes the statement what it is."""
    while at + 1 < len(tokens) and tokens[at].text == "(" and tokens[at].kind == "operator":
        at += 1
    return tokens[at].start
