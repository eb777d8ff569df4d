"""Which keys name a secret, and which values beside them are one."""

import re
from enum import IntEnum
from functools import lru_cache

from dragoman.answer import secret_words

MARK = "[redacted]"


class Secrecy(IntEnum):
    """What a key says about its value."""

    NONE = 0
    MAYBE = 1  # the value decides
    SURE = 2


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LONGEST_KEY = 120

_PLACEHOLDER = re.compile(
    r"""(?ix)
    \[redacted\] | <?\[?redacted\]?>? | [*•]+(?:\(redacted\)?)? | x{3,} | \.{3} | …
    | null | none | nil | undefined | true | false | yes | no | empty | unset | n/a | \?+ | -+ | \#+
    | str | string | text | varchar(?:\(\d+\))? | bytes | binary | int | integer | bool | boolean
    | \$\{[^{}]*\} | (?-i:\$[A-Z_][A-Z0-9_]{2,}+) | \{\{[^{}]*\}\} | %\(\w+\)s | %s | <[\w\s-]+>
    | (?:required|invalid|missing|incorrect|expired)
    """
)
_PATH = re.compile(r"(?:/|[A-Za-z]:\\|\./|~/|\.\./)[\w./\\ -]*")
_FILE = re.compile(r"/.*\.[a-z0-9]{1,8}$")
_HEX_OR_UUID = re.compile(
    r"(?i)(?:sha\d+:)?[0-9a-f]{6,128}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)


def secrecy(key: str) -> Secrecy:
    """Whether the key names a secret; keys come in any case and with any separators."""
    # Cut before it is kept: what callers send must not fill the memory.
    return _secrecy(key[-_LONGEST_KEY:])


@lru_cache(maxsize=4096)
def _secrecy(key: str) -> Secrecy:
    words = [word.lower() for word in _WORDS.findall(key)]
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    if not words:
        return Secrecy.NONE
    last, tail = words[-1], "".join(words[-4:])
    if tail.endswith(("accesskeyid", "webhookurl", "jsessionid", "phpsessid")):
        return Secrecy.SURE
    if last in secret_words.HARMLESS_LAST or (words[0] in secret_words.COUNTING and len(words) > 1):
        return Secrecy.NONE
    if (
        any(stem in tail for stem in secret_words.SURE)
        or last in secret_words.SURE_ALONE
        or _joined_pass(last)
    ):
        return Secrecy.SURE
    return _by_last_word(words)


def is_secret(value: str, known: Secrecy, *, key: str = "") -> bool:
    """Whether the value beside a key of that secrecy must not be shown."""
    bare = value.strip()
    if not bare or _PLACEHOLDER.fullmatch(bare):
        return False
    if known is Secrecy.SURE:
        return not (key.lower().endswith("pwd") and _PATH.fullmatch(bare))
    return known is Secrecy.MAYBE and looks_random(bare)


def looks_random(value: str) -> bool:
    """Whether a value is too mixed for a word, a path, a number, a digest or a UUID."""
    bare = value.strip().rstrip(".,;:!?")
    if len(bare) < 8 or _HEX_OR_UUID.fullmatch(bare) or _PATH.match(bare) or " " in bare:
        return False
    if not re.fullmatch(r"[\w+/=.~!@#$%^&*-]+", bare) or "://" in bare or _FILE.search(bare):
        return False
    letters = sum(map(str.isalpha, bare))
    digits = sum(map(str.isdigit, bare))
    mixed = not (bare.islower() or bare.isupper())
    return letters >= 3 and digits >= 2 and (mixed or digits >= len(bare) // 5) and _dense(bare)


def _dense(value: str) -> bool:
    pieces = re.split(r"[/._-]", value)
    return max(map(len, pieces)) >= 8


def _by_last_word(words: list[str]) -> Secrecy:
    last = words[-1]
    if last in {"token", "tokens"} and len(words) > 1 and words[-2] in secret_words.PAGING:
        return Secrecy.NONE
    if last in secret_words.SURE_LAST and len(words) > 1:
        return Secrecy.SURE
    return Secrecy.MAYBE if last in secret_words.MAYBE else Secrecy.NONE


def _joined_pass(word: str) -> bool:
    return len(word) > 4 and word.endswith("pass") and word not in secret_words.NOT_PASS
