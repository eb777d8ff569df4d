"""Presto's own way of cutting a statement into tokens.

Exact where it decides what a statement is: Presto upper-cases code point by code point before it
lexes, knows four characters of white space, ends `--` at CR or LF, nests no comments, and escapes
nothing with a backslash. Source: the lexer rules of SqlBase.g4, 0.29x to 0.300.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

# The only letters outside ASCII whose upper case is an ASCII letter.
_FOLDED = {"\u0131": "I", "\u017f": "S"}
_FOLDING = str.maketrans(_FOLDED)
_LETTER = "A-Za-z" + "".join(_FOLDED)
_PART = f"{_LETTER}0-9_@:"

_TOKEN = re.compile(
    rf"""
      (?P<space> [ \t\r\n]+ | --[^\r\n]* | /\*[\s\S]*?\*/ )
    | (?P<unicode> [uU]&'[^']*(?:''[^']*)*' )
    | (?P<binary> [xX]'[^']*' )
    | (?P<word> [{_LETTER}_][{_PART}]* )
    | (?P<digits> (?= [0-9]+[{_LETTER}_@:] )
                  (?! [0-9]+[eE](?: [+-][0-9] | [0-9]+(?![{_PART}]) ) )
                  [0-9][{_PART}]+ )
    | (?P<number> (?: [0-9]+(?:\.[0-9]*)? | \.[0-9]+ )(?: [eE][+-]?[0-9]+ )? )
    | (?P<string> '[^']*(?:''[^']*)*' )
    | (?P<quoted> "[^"]*(?:""[^"]*)*" )
    | (?P<backquoted> `[^`]*(?:``[^`]*)*` )
    | (?P<operator> -> | => | <> | != | <= | >= | \|\| | /(?!\*) | [-=<>+*%()\[\],.?;] )
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    """`kind` is a group of the lexer; `text` of a word is folded to upper case, else as written."""

    kind: str
    text: str
    start: int


@dataclass(frozen=True)
class Fault:
    """Where Presto's lexer stops, and why."""

    start: int
    reason: str
    hint: str


@dataclass(frozen=True)
class Lexed:
    """The tokens up to the end, or up to the fault."""

    tokens: tuple[Token, ...]
    fault: Fault | None = None


def lex(sql: str) -> Lexed:
    tokens: list[Token] = []
    match = _TOKEN.match
    at, end = 0, len(sql)
    while at < end:
        found = match(sql, at)
        if found is None:
            return Lexed(tuple(tokens), _fault(sql, at))
        kind = str(found.lastgroup)
        if kind == "word":
            tokens.append(Token(kind, fold(found.group()), at))
        elif kind != "space":
            tokens.append(Token(kind, found.group(), at))
        at = found.end()
    return Lexed(tuple(tokens))


def fold(word: str) -> str:
    """Upper case as Presto makes it: never longer, and only the letters it folds."""
    return word.upper() if word.isascii() else word.translate(_FOLDING).upper()


def name_of(token: Token) -> str | None:
    """The name that an identifier stands for, in lower case; None for other tokens."""
    if token.kind == "word":
        return token.text.lower()
    if token.kind == "quoted":
        return token.text[1:-1].replace('""', '"').lower()
    return None


def place(sql: str, start: int) -> tuple[int, int]:
    """Line and column as Presto counts them: both from 1, lines ended by LF only."""
    return sql.count("\n", 0, start) + 1, start - sql.rfind("\n", 0, start)


_UNCLOSED = {
    "'": ("a string that is not closed", "Close it with '; a ' inside a string is written ''."),
    '"': ("a quoted name that is not closed", 'Close it with "; a " inside is written "".'),
    "`": ("a backquote", 'Presto quotes names with "double quotes".'),
    "/": ("a comment that is not closed", "Close it with */; comments do not nest."),
    ":": ("a colon outside a name", "Write CAST(x AS type) for x::type."),
}


def _fault(sql: str, at: int) -> Fault:
    found = sql[at]
    if found in _UNCLOSED:
        return Fault(at, *_UNCLOSED[found])
    name = unicodedata.name(found, "an unnamed character")
    return Fault(
        at,
        f"U+{ord(found):04X} ({name}), which Presto does not read outside quotes",
        "Take it out, or put it inside a string or a quoted name.",
    )
