"""Secrets known by the key beside them: pairs, headers, options, markup and tables."""

import re
from functools import cache

from dragoman.answer.secret_keys import MARK, Secrecy, is_secret, looks_random, secrecy

_WORD = (
    "pass|pwd|psw|pw|secret|token|key|cred|auth|cookie|sess|sig|sid|jwt|otp|pin|dsn|conn|saml|"
    "assertion|webhook"
)
PROBE = (  # Rust's syntax
    rf"""(?i:(?:{_WORD})[0-9a-z_.\-]*\\*["'`]?\]?(?:\s*(?:[=:>,<|]|->|%3D|\t|["'])|\s+(?:is|value)\b))"""
    rf"""|(?i:-[0-9a-z_\-]*(?:{_WORD})[0-9a-z_\-]*\s)"""
    rf"""|(?im:^\s*[0-9a-z_\-]+\.[0-9a-z_.\-]*(?:{_WORD})[0-9a-z_.\-]*[ \t]+\S)"""
    r"""|(?i:\b(?:bearer|basic|negotiate|identified\s+by|machine|kinit|docker\s+login|curl)\s)"""
    r"""|(?i:(?:^|\s)-[pua]\s?\S)"""
)

_KEY = r"(?<![\w.\-])(?P<key>[\w.\-]++)"
_QUOTED = r"""
    \"\"\"(?P<s1>(?:[^"]|"(?!""))*+)\"\"\"
  | '''(?P<s2>(?:[^']|'(?!''))*+)'''
  | \\{1,8}+"(?P<s3>[^"\\]*+(?:\\{1,8}+[^"\\][^"\\]*+)*+)\\{1,8}+"
  | \\{1,8}+'(?P<s4>[^'\\]*+(?:\\{1,8}+[^'\\][^'\\]*+)*+)\\{1,8}+'
  | "(?P<s5>(?:[^"\\]|\\.)*+)"
  | '(?P<s6>(?:[^'\\]|\\.)*+)'
  | `(?P<s7>[^`\r\n]*+)`
  | ["'](?P<s8>[^\r\n]++)
"""
_BARE = r"""
    (?:[^\s"'`<>,;&)\]}|\\]
      |\\(?!["'])
      |["'](?=\w)
      |[,;&)\]}|](?=[^\s"'`,;)\]}\[({<>&|\\])(?![\w.\-]++\\*["']?\s?(?:[=:]|->))
    )++
"""
_VALUE = rf"""
    (?:[bBuUrR]{{1,2}}(?=["'])|[A-Za-z_][\w.]{{0,64}}+[(\[]\s?(?=["']))?+
    (?:{_QUOTED})
  | (?P<s9>[|>][+\-]?[ \t]*+\r?\n(?:[ \t]++[^\r\n]*+\r?\n?)++)
  | \[redacted\]
  | (?P<s10>[\[{{][^\[\]{{}}]*+[\]}}])
  | (?P<s11>\$?\{{\{{?[^\s{{}}]{{0,200}}+\}}?\}})
  | (?P<s12>{_BARE})
"""
_SEPARATOR = r"""
    (?:\\*["'`]?\]?\s{0,8}+(?:=>|->|:=|==?|:|%3[dD])\s{0,8}+
      |\\*["'],\s{0,8}+(?=[bu]?\\*["'])
      |\t\s{0,8}+
      |[ ]{0,4}\|[ ]{0,4}
    )
"""
_PAIR = rf"{_KEY}{_SEPARATOR}(?:{_VALUE})"
_WHOLE_LINE = (
    r"^(?P<lead>[ \t]*+(?:(?:export|set|ENV|ARG|-)[ \t]++)?+)(?P<key>[\w.\-]++)[ \t]*+[=:][ \t]*+"
    r"""(?P<secret>(?![\[{|>"'`])\S[^\r\n]*+)$"""
)
_NEXT_PAIR = r"""[\s,;&][\w.\-]++["']?\s?(?:[=:]|->)"""

_KEYED = (
    r"<(?P<key>[\w.\-:]++)(?:\s[^<>]{0,200}+)?>(?P<secret>[^<>]++)</",
    r"<name>\s{0,8}+(?P<key>[\w.\-]++)\s{0,8}+</name>\s{0,80}+<value>(?P<secret>[^<]++)",
    r"""\b(?i:name|key)\\*["']?\s{0,4}+[=:]\s{0,4}+\\*["']?(?P<key>[\w.\-]++)\\*["']?\s{0,4}+,?\s{0,80}+
        \\*["']?(?i:value)\\*["']?\s{0,4}+[=:]\s{0,4}+
        (?:\\*+"(?P<s1>[^"\\]++)|\\*+'(?P<s2>[^'\\]++)|(?P<s3>[^\s"'\\,}]++))""",
    r"\((?P<key>[\w.\-]++),\s?(?P<secret>[^()\s\"']++)\)",
    r"(?m:^)[ \t]*+(?P<key>[\w\-]++\.[\w.\-]++)[ \t]++(?P<secret>[^\s=:|]\S*+)",
    r"""(?<![\w.\-])--?(?P<key>[A-Za-z][\w.\-]*+)\s{1,4}+
        (?:"(?P<s1>[^"]*+)"|'(?P<s2>[^']*+)'|(?P<s3>[^\s\-"'][^\s"']*+))""",
)
_FIXED = {  # by words of which a match, in lower case, holds one
    ("authorization", "x-api-key", "x-auth-token"): r"""
        (?:authorization|x-api-key|x-auth-token)\\*["']?\s{0,4}+[:=]\s{0,4}+\\*["']?
        (?:(?:digest|aws4-hmac-sha256|oauth)\s++(?P<s1>[^\r\n]++)
        |(?:[A-Za-z][A-Za-z0-9\-]{1,20}\s++)?(?P<s2>[^\s"'\\,;]++))""",
    ("cookie",): r"""
        (?:set-)?cookie2?\\*["']?\s{0,4}+[:=]\s{0,4}+\\*["']?
        (?P<s1>[^\s=;"']{1,128}+=[^\r\n"']++)""",
    ("identified", "password"): r"""
        \b(?:identified\s++by(?:\s++values)?\s{1,4}+|password[ \t]{1,4}+)
        (?:'(?P<s1>(?:[^'\\]|\\.|\'\')++)'|"(?P<s2>[^"\r\n]++)")""",
    ("machine",): r"""\bmachine\s++\S++\s++login\s++\S++\s++password\s++(?P<s1>\S++)""",
    ("-p", "-w", "-a"): r"""
        \b(?:mysql|mysqldump|mysqladmin|mariadb|sshpass|(?:docker|podman|az)\s+login|beeline|sqoop
        |mongo|mongosh|mongodump|redis-cli|sqlcmd|bcp|ldapsearch|snowsql|htpasswd|smbclient|zip)
        \s[^\r\n]{0,200}?(?<=\s)(?:-[pwa])\s{0,4}+["']?(?P<s1>[^\s"'\-][^\s"']*+)""",
    ("-u", "--user"): r"""
        (?<!\S)-(?:u|-user)\s{1,4}+["']?[^\s:"']{1,128}+:(?P<s1>[^\s"']++)""",
    ("-u",): r"""
        (?<!\S)-u\s{1,4}+\S{1,128}+\s{1,4}+-p\s{1,4}+["']?(?P<s1>[^\s"']++)""",
    ("echo",): r"""
        \becho\s++(?:-n\s++)?["']?(?P<s1>[^\s"'|]++)["']?\s*+\|\s*+
        (?:kinit|sudo\s++-S|docker|passwd|su)\b""",
}
_LIKELY = {
    ("bearer",): r"\bbearer\s++(?P<secret>[a-z0-9+/=._~\-]{8,}+)",
    ("basic", "negotiate"): r"\b(?:basic|negotiate)\s++(?P<secret>[a-z0-9+/=_\-]{8,}+)",
    (" is ", " was "): r"""
        (?:password|secret|api[\ _]?key|token)\s++(?:is|was)\s++["']?(?P<secret>[^\s"']{6,}+)""",
    ("-p",): r"""(?<!\S)-p\s{1,4}+["']?(?P<secret>[^\s"']{6,}+)""",
}
_SPACED = re.compile(
    r"(?i)(?:api|access|secret|private|account|shared|auth|refresh|session|bearer|security|signing|"
    r"encryption|connection|personal|sas|master|client|storage)[ ]$"
)


def redact_pairs(text: str) -> str:
    """The text with the values of secret keys hidden; keys and separators stay."""
    rules = _rules()
    lowered = text.lower()
    for hints, pattern in rules.fixed.items():
        if any(hint in lowered for hint in hints):
            text = pattern.sub(_hide_group, text)
    for pattern in rules.keyed:
        text = pattern.sub(_hide_keyed, text)
    for hints, pattern in rules.likely.items():
        if any(hint in lowered for hint in hints):
            text = pattern.sub(_hide_likely, text)
    text = rules.whole_line.sub(_hide_line, text)
    return _in_pairs(text)


def _in_pairs(text: str) -> str:
    """The text with the values of secret keys hidden.

    What stands after an ordinary word and a colon, there or on the next line, is read again by
    itself: it may be a pair of its own rather than that word's value.
    """
    done: list[str] = []
    at = 0
    while match := _rules().pair.search(text, at):
        line_end = text.find("\n", match.end("key"), _value_start(match))
        again = line_end + 1 if line_end >= 0 else match.start("s12")
        if again > 0 and _known(match) is Secrecy.NONE:
            done.append(text[at:again])
            at = again
        else:
            done += (text[at : match.start()], _hide_pair(match))
            at = match.end()
    return "".join((*done, text[at:]))


def _value_start(match: re.Match[str]) -> int:
    group = match.lastgroup
    return match.end() if group in {None, "key"} else match.start(group or "")


class _Rules:
    def __init__(self) -> None:
        verbose = re.VERBOSE
        either_case = verbose | re.IGNORECASE
        self.fixed = {hints: re.compile(p, either_case) for hints, p in _FIXED.items()}
        self.keyed = [re.compile(p, verbose) for p in _KEYED]
        self.likely = {hints: re.compile(p, either_case) for hints, p in _LIKELY.items()}
        self.whole_line = re.compile(_WHOLE_LINE, re.MULTILINE)
        self.pair = re.compile(_PAIR, verbose | re.DOTALL)
        self.next_pair = re.compile(_NEXT_PAIR)


@cache
def _rules() -> _Rules:
    return _Rules()


def _hide_group(match: re.Match[str]) -> str:
    group = match.lastgroup or ""
    return match[0] if _marked(match[group]) else _replace(match, group)


def _hide_keyed(match: re.Match[str]) -> str:
    group = match.lastgroup or ""
    known = secrecy(match["key"])
    secret = is_secret(match[group], known, key=match["key"])
    return _replace(match, group) if secret else match[0]


def _hide_likely(match: re.Match[str]) -> str:
    value = match["secret"]
    random = looks_random(value) or (len(value) >= 24 and not value.isalpha())
    return _replace(match, "secret") if random and not _marked(value) else match[0]


def _hide_line(match: re.Match[str]) -> str:
    value = match["secret"]
    if secrecy(match["key"]) is not Secrecy.SURE or MARK in value:
        return match[0]
    if _rules().next_pair.search(value) or not is_secret(value, Secrecy.SURE, key=match["key"]):
        return match[0]
    return _replace(match, "secret")


def _hide_pair(match: re.Match[str]) -> str:
    group = match.lastgroup
    if group in {None, "key"}:
        return match[0]
    key, known = match["key"], _known(match)
    if known is Secrecy.MAYBE and match.string[max(0, match.start("key") - 1)] in "?&":
        known = Secrecy.SURE
    if known is Secrecy.NONE:
        return _inner(match, group or "")
    value = match[group or ""]
    if known is Secrecy.MAYBE and _assigned(match, key) and not re.fullmatch(r"\d{1,5}", value):
        known = Secrecy.SURE
    return _replace(match, group or "") if is_secret(value, known, key=key) else match[0]


def _known(match: re.Match[str]) -> Secrecy:
    """How secret the key is, together with a word before it as in `api key`."""
    key, start = match["key"], match.start("key")
    spaced = _SPACED.search(match.string, max(0, start - 12), start) if len(key) <= 6 else None
    return secrecy(spaced[0].strip() + "_" + key) if spaced else secrecy(key)


def _assigned(match: re.Match[str], key: str) -> bool:
    """Whether a lone `token` or the like is given a value, and not only spoken of."""
    separator = match.string[match.end("key") : match.end("key") + 3].lstrip("\\")
    given = "=" in separator or separator[:1] in {'"', "'"}
    return given and key.lower() in {"token", "credential", "credentials", "pass", "jwt"}


def _inner(match: re.Match[str], group: str) -> str:
    """The match with secrets inside its value hidden, since the value was consumed with it."""
    start, end = match.span(group)
    inner = _in_pairs(match.string[start:end])
    return match.string[match.start() : start] + inner + match.string[end : match.end()]


def _replace(match: re.Match[str], group: str) -> str:
    start, end = match.span(group)
    return match.string[match.start() : start] + MARK + match.string[end : match.end()]


def _marked(value: str) -> bool:
    return value.startswith(MARK)
