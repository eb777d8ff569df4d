"""A second, slower and stricter answer to "can this change anything?", shared by nothing.

Character by character and without regular expressions, so that a slip in the gate's lexer is not
repeated here.
"""

from itertools import pairwise

_CHANGES = {
    *("INSERT", "DELETE", "UPDATE", "MERGE", "TRUNCATE", "ANALYZE", "REFRESH", "CREATE", "DROP"),
    *("ALTER", "GRANT", "REVOKE", "USE", "SET", "RESET", "START", "COMMIT", "ROLLBACK", "CALL"),
    *("PREPARE", "EXECUTE", "DEALLOCATE"),
}
_READS = {"SELECT", "WITH", "VALUES", "TABLE", "SHOW", "DESCRIBE", "DESC"}
_RESERVED_FOR_CHANGES = {
    "INSERT",
    "DELETE",
    "CREATE",
    "DROP",
    "ALTER",
    "INTO",
    "EXECUTE",
    "PREPARE",
}


def is_harmless(sql: str) -> bool:
    """Whether Presto, if it reads the text at all, only reads, describes or plans."""
    marks = _marks(sql)
    if marks and marks[-1] == ";":
        marks.pop()
    if ";" in marks or not marks:
        return False
    run, rest = _peeled(marks)
    while rest[:1] == ["("]:
        rest = rest[1:]
    first = rest[0] if rest else ""
    if first in _READS:
        body = rest[2:] if rest[:2] == ["SHOW", "CREATE"] else rest
        calls_table = ("TABLE", "(") in pairwise(body)
        return not calls_table and not _RESERVED_FOR_CHANGES & set(body)
    if not run:
        return False
    if first in _CHANGES:
        return "ANALYZE" not in run
    return run.count("ANALYZE") == 1 and run[-1] == "ANALYZE"


def _peeled(marks: list[str]) -> tuple[list[str], list[str]]:
    """EXPLAIN and what may follow it, without option lists; and the rest."""
    run: list[str] = []
    at = 0
    while at < len(marks) and marks[0] == "EXPLAIN":
        if marks[at] in {"EXPLAIN", "ANALYZE", "VERBOSE"}:
            run.append(marks[at])
        elif marks[at] == "(" and marks[at + 1 : at + 2] in (["TYPE"], ["FORMAT"]):
            at = marks.index(")", at) if ")" in marks[at:] else len(marks)
        else:
            break
        at += 1
    return run, marks[at:]


def _marks(sql: str) -> list[str]:
    """Words in upper case and signs one by one; literals and quoted names as one mark each."""
    marks: list[str] = []
    at = 0
    while at < len(sql):
        two = sql[at : at + 2]
        if two == "--":
            at = _line_end(sql, at)
        elif two == "/*" and sql.find("*/", at + 2) >= 0:
            at = sql.find("*/", at + 2) + 2
        elif sql[at] in "'\"`":
            at = _quote_end(sql, at)
            marks.append("''")
        elif _up(sql[at]).isalnum() or sql[at] == "_":
            end = at
            while end < len(sql) and (_up(sql[end]).isalnum() or sql[end] in "_@:"):
                end += 1
            marks.append("".join(map(_up, sql[at:end])))
            at = end
        else:
            if sql[at] not in " \t\r\n":
                marks.append(sql[at])
            at += 1
    return marks


def _up(letter: str) -> str:
    return letter.upper() if len(letter.upper()) == 1 else letter


def _line_end(sql: str, at: int) -> int:
    while at < len(sql) and sql[at] not in "\r\n":
        at += 1
    return at


def _quote_end(sql: str, at: int) -> int:
    quote, at = sql[at], at + 1
    while at < len(sql):
        if sql[at] == quote:
            if sql[at + 1 : at + 2] != quote:
                return at + 1
            at += 1
        at += 1
    return at
