"""Statements written at random from Presto's grammar, for hypothesis: reads and changes."""

from collections.abc import Callable
from functools import cache

from hypothesis import strategies as st

from dragoman_presto.gate.grammar import TEXT
from dragoman_presto.gate.notation import Chain, Choice, Part, Repeat, Rule, Terminal, read_rules

CHANGES = """
change = data | table | other_ddl | rights | session
data = INSERT INTO path [ names ] query | DELETE FROM path [ WHERE expression ]
  | UPDATE path SET assigned { ',' assigned } [ WHERE expression ]
  | MERGE INTO path [ [ AS ] @name ] USING relation ON expression merge_case { merge_case }
  | TRUNCATE TABLE path | analyze | REFRESH MATERIALIZED VIEW path [ WHERE expression ]
  | CREATE TABLE [ IF NOT EXISTS ] path [ names ] [ COMMENT string ] [ WITH properties ]
    AS query [ WITH [ NO ] DATA ]
  | CREATE VECTOR INDEX path ON path names [ WITH properties ] [ UPDATING FOR expression ]
assigned = @name '=' expression
merge_case = WHEN MATCHED THEN UPDATE SET assigned { ',' assigned } | WHEN MATCHED THEN DELETE
  | WHEN NOT MATCHED THEN INSERT [ names ] VALUES '(' expressions ')'
properties = '(' property { ',' property } ')'
column = @name type [ NOT NULL ] [ COMMENT string ] [ WITH properties ]
table = CREATE TABLE [ IF NOT EXISTS ] path '(' column { ',' column } ')' [ COMMENT string ]
  [ WITH properties ] | DROP TABLE [ IF EXISTS ] path | ALTER TABLE [ IF EXISTS ] path altered
altered = RENAME TO path | RENAME COLUMN [ IF EXISTS ] @name TO @name
  | DROP COLUMN [ IF EXISTS ] path | ADD COLUMN [ IF NOT EXISTS ] column
  | ADD CONSTRAINT @name ( UNIQUE | PRIMARY KEY ) names | DROP CONSTRAINT [ IF EXISTS ] @name
  | ALTER [ COLUMN ] @name ( SET | DROP ) NOT NULL | SET PROPERTIES properties
  | ALTER COLUMN @name SET DATA TYPE type | DROP ( BRANCH | TAG ) [ IF EXISTS ] string
  | CREATE [ OR REPLACE ] ( BRANCH | TAG ) [ IF NOT EXISTS ] string [ version ]
    [ RETAIN @integer DAYS ]
other_ddl = CREATE SCHEMA [ IF NOT EXISTS ] path [ WITH properties ]
  | DROP SCHEMA [ IF EXISTS ] path [ CASCADE | RESTRICT ] | ALTER SCHEMA path RENAME TO @name
  | CREATE TYPE path AS type | CREATE [ OR REPLACE ] VIEW path [ SECURITY INVOKER ] AS query
  | ALTER VIEW [ IF EXISTS ] path RENAME TO path | DROP [ MATERIALIZED ] VIEW [ IF EXISTS ] path
  | CREATE MATERIALIZED VIEW [ IF NOT EXISTS ] path [ WITH properties ] AS query
  | CREATE [ OR REPLACE ] [ TEMPORARY ] FUNCTION path '(' [ @name type ] ')' RETURNS type
    RETURN expression
  | ALTER FUNCTION path CALLED ON NULL INPUT | DROP [ TEMPORARY ] FUNCTION [ IF EXISTS ] path
  | ALTER MATERIALIZED VIEW path SET PROPERTIES properties
rights = CREATE ROLE @name | DROP ROLE @name
  | GRANT @name { ',' @name } TO who { ',' who } [ WITH ADMIN OPTION ]
  | REVOKE [ ADMIN OPTION FOR ] @name { ',' @name } FROM who { ',' who }
  | GRANT ( privilege { ',' privilege } | ALL PRIVILEGES ) ON [ TABLE ] path TO who
  | REVOKE ( privilege { ',' privilege } | ALL PRIVILEGES ) ON [ TABLE ] path FROM who
privilege = SELECT | DELETE | INSERT | @name
who = [ USER | ROLE ] @name
session = SET SESSION path '=' expression | RESET SESSION path | SET ROLE ( ALL | NONE | @name )
  | USE @name [ '.' @name ] | START TRANSACTION [ READ ONLY | ISOLATION LEVEL SERIALIZABLE ]
  | COMMIT [ WORK ] | ROLLBACK [ WORK ] | PREPARE @name FROM ( query | data | table )
  | EXECUTE @name [ USING expressions ] | DEALLOCATE PREPARE @name
  | CALL path '(' [ @name '=>' ] expression { ',' expression } ')'
  | DESCRIBE ( INPUT | OUTPUT ) @name
"""

RULES = read_rules(TEXT.strip() + "\n" + CHANGES.strip())

_SAMPLES = {
    "@name": (
        *("n", "nation", "Name", "_x", "x1", '"drop table"', '"INSERT INTO t"', '"a""b"', '"名前"'),
        *("update", "merge", "call", "grant", "set", "show", "commit", "year", "data", "explain"),
    ),
    "@string": (
        "'a'",
        "''",
        "'it''s'",
        "'DROP TABLE t; --'",
        "'\\'",
        "'/*'",
        "'\u0131 名前'",
        "'2'",
    ),
    "@unicode": ("U&'\\2603'", "u&''"),
    "@binary": ("X'00ff'", "x''"),
    "@number": ("1", "0.5", "1e5", ".5", "1234567890123456789"),
    "@integer": ("1", "10"),
}
_GAPS = (
    *(" ", " ", " ", "\n", "\t", "\r\n", "  ", " /**/ ", "/* DROP TABLE t */", "/* ' \" */"),
    *("-- it's\n", "--\r", "-- DELETE FROM t;\n", "/* /* */", "/*\n-- */"),
)
# Presto's lexer takes TIME WITH TIME ZONE and DOUBLE PRECISION whole: no comment stands in them.
_ONE_TOKEN = frozenset(
    {
        *(("DOUBLE", "PRECISION"), ("TIME", "WITH"), ("TIMESTAMP", "WITH"), ("WITH", "TIME")),
        ("TIME", "ZONE"),
    }
)
_CLOSE = frozenset("(),[]")
_ENOUGH = 14

Choose = Callable[[int], int]
"""A number below the one given."""


@st.composite
def statements(draw: st.DrawFn, rule: str, *, folded: bool = False) -> str:
    """A statement of that rule, its words in any case and anything Presto skips between them.

    `folded` writes dotless i and long s for letters of keywords, which Presto takes for I and S.
    """

    def choose(below: int) -> int:
        return draw(_below(below))

    marks: list[str] = []
    _write(Rule(rule), _ENOUGH, choose, marks)
    return _spaced([_cased(mark, choose, folded=folded) for mark in marks], choose)


def gaps() -> st.SearchStrategy[str]:
    return st.sampled_from(_GAPS)


@cache
def _below(limit: int) -> st.SearchStrategy[int]:
    return st.integers(0, limit - 1)


def _write(part: Part, room: int, choose: Choose, marks: list[str]) -> None:
    match part:
        case Terminal(key):
            samples = _SAMPLES.get(key, (key,))
            marks.append(samples[choose(len(samples))] if len(samples) > 1 else key)
        case Rule(name):
            _write(RULES[name], room - 1, choose, marks)
        case Chain(parts):
            for one in parts:
                _write(one, room, choose, marks)
        case Choice(parts):
            fitting = [one for one in parts if _height(one) < room] or [min(parts, key=_height)]
            _write(fitting[choose(len(fitting))], room, choose, marks)
        case Repeat(inner, many):
            times = choose(3 if many else 2) if _height(inner) < room else 0
            for _ in range(times):
                _write(inner, room - 2, choose, marks)


@cache
def _height(part: Part) -> int:
    """How many rules stand inside one another, at least, in anything that the part writes."""
    return _least(part, frozenset())


def _least(part: Part, above: frozenset[str]) -> int:
    match part:
        case Terminal():
            return 0
        case Rule(name):
            return 99 if name in above else 1 + _least(RULES[name], above | {name})
        case Chain(parts):
            return max(_least(one, above) for one in parts)
        case Choice(parts):
            return min(_least(one, above) for one in parts)
        case Repeat():
            return 0


def _cased(mark: str, choose: Choose, *, folded: bool) -> str:
    if not mark.replace("_", "").isalpha() or not mark.isascii():
        return mark
    if folded and mark.isupper():
        letters = {"I": "I\u0131", "S": "S\u017f"}
        return "".join(letters[one][choose(2)] if one in letters else one.lower() for one in mark)
    return (mark, mark.lower(), mark.title())[choose(3)]


def _spaced(marks: list[str], choose: Choose) -> str:
    """The marks with gaps between them; none beside brackets and commas, now and then."""
    text = ""
    for before, mark in zip(["", *marks], marks, strict=False):
        near = not text or text[-1] in _CLOSE or mark in _CLOSE
        gap = "" if near and choose(2) else _GAPS[choose(len(_GAPS))]
        if (before.upper(), mark.upper()) in _ONE_TOKEN:
            gap = " "
        # A minus directly before a comment would become part of it.
        text += (f" {gap}" if text.endswith("-") else gap) + mark
    return text
