"""Which keys name a secret, and which values beside them are one."""

import re
from enum import IntEnum
from functools import lru_cache

MARK = "[redacted]"


class Secrecy(IntEnum):
    """What a key says about its value."""

    NONE = 0
    MAYBE = 1  # the value decides
    SURE = 2


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LONGEST_KEY = 120

_SURE = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "encryptkey",
    "masterkey",
    "accountkey",
    "storagekey",
    "sharedkey",
    "sharedaccesskey",
    "authkey",
    "serverkey",
    "servicekey",
    "sshkey",
    "deploykey",
    "fernetkey",
    "licensekey",
    "hostkey",
    "sessionkey",
    "integrationkey",
    "accesstoken",
    "authtoken",
    "refreshtoken",
    "idtoken",
    "bearertoken",
    "sessiontoken",
    "securitytoken",
    "sastoken",
    "apitoken",
    "bottoken",
    "csrftoken",
    "xsrftoken",
    "usertoken",
    "connectionstring",
    "connstring",
    "connectstring",
    "jsessionid",
    "phpsessid",
    "clientassertion",
    "samlresponse",
    "samlassertion",
    "jaasconfig",
    "webhookurl",
    "encryptionpass",
    "xamzsignature",
    "xgoogsignature",
    "xamzcredential",
    "xgoogcredential",
    "sqlalchemyconn",
]
_SURE_ALONE = frozenset(["pwd", "pw", "passwords", "secrets", "pswd", "psw", "dsn"])
_SURE_LAST = frozenset(
    [
        "pass",
        "token",
        "pwd",
        "pw",
        "pswd",
        "psw",
        "credential",
        "credentials",
        "apikey",
        "otp",
        "pin",
    ]
)
_MAYBE = frozenset(
    [
        "token",
        "key",
        "auth",
        "credential",
        "credentials",
        "session",
        "sessionid",
        "sid",
        "pass",
        "signature",
        "sig",
        "cookie",
        "jwt",
        "bearer",
        "otp",
        "pin",
        "authorization",
        "code",
        "salt",
        "nonce",
        "assertion",
        "keys",
        "tokens",
        "conn",
    ]
)
_HARMLESS_LAST = frozenset(
    [
        "file",
        "files",
        "path",
        "paths",
        "dir",
        "name",
        "names",
        "type",
        "types",
        "url",
        "uri",
        "endpoint",
        "policy",
        "policies",
        "expiry",
        "expires",
        "expired",
        "expiration",
        "expire",
        "ttl",
        "length",
        "len",
        "min",
        "max",
        "count",
        "counts",
        "limit",
        "limits",
        "arn",
        "version",
        "versions",
        "hint",
        "required",
        "enabled",
        "disabled",
        "field",
        "fields",
        "column",
        "columns",
        "alias",
        "provider",
        "providers",
        "class",
        "store",
        "location",
        "manager",
        "rotation",
        "renewer",
        "renewal",
        "kind",
        "service",
        "scope",
        "issuer",
        "format",
        "algorithm",
        "usage",
        "budget",
        "index",
        "position",
        "date",
        "time",
        "age",
        "at",
        "in",
        "interval",
        "ms",
        "seconds",
        "size",
        "bytes",
        "used",
        "rate",
        "status",
        "state",
        "error",
        "errors",
        "id",
        "ids",
        "region",
        "ref",
        "validity",
        "period",
        "attempts",
        "retries",
        "strength",
        "check",
        "checker",
        "validator",
        "encoder",
        "encoding",
        "mode",
    ]
)
_COUNTING = frozenset(["num", "number", "count", "max", "min", "total", "n", "avg", "mean"])
_PAGING = frozenset(
    [
        "next",
        "page",
        "paging",
        "pagination",
        "continuation",
        "continue",
        "cursor",
        "sync",
        "unexpected",
        "previous",
        "prev",
        "max",
        "num",
        "total",
        "input",
        "output",
        "prompt",
        "completion",
        "eos",
        "bos",
        "pad",
        "mask",
        "sep",
        "unk",
        "special",
    ]
)
_NOT_PASS = frozenset(
    ["bypass", "compass", "trespass", "encompass", "surpass", "overpass", "underpass"]
)

_PLACEHOLDER = re.compile(
    r"""(?ix)
    \[redacted\] | <?\[?redacted\]?>? | [*•]+(?:\(redacted\)?)? | x{3,} | \.{3} | …
    | null | none | nil | undefined | true | false | yes | no | empty | unset | n/a | \?+ | -+ | \#+
    | str | string | text | varchar(?:\(\d+\))? | bytes | binary | int | integer | bool | boolean
    | \$\{[^{}]*\} | \$\(?[A-Za-z_]\w*\)? | \{\{[^{}]*\}\} | %\(\w+\)s | %s | \{\w*\} | <[\w\s-]+>
    | (?:required|invalid|missing|incorrect|expired)
    """
)
_PATH = re.compile(r"(?:/|[A-Za-z]:\\|\./|~/|\.\./)[\w./\\ -]*")
_FILE = re.compile(r"/.*\.[a-z0-9]{1,8}$")
_HEX_OR_UUID = re.compile(
    r"(?i)(?:sha\d+:)?[0-9a-f]{6,128}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)


@lru_cache(maxsize=4096)
def secrecy(key: str) -> Secrecy:
    """Whether the key names a secret; keys come in any case and with any separators."""
    words = [word.lower() for word in _WORDS.findall(key[-_LONGEST_KEY:])]
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    if not words:
        return Secrecy.NONE
    last, tail = words[-1], "".join(words[-4:])
    if tail.endswith(("accesskeyid", "webhookurl", "jsessionid", "phpsessid")):
        return Secrecy.SURE
    if last in _HARMLESS_LAST or (words[0] in _COUNTING and len(words) > 1):
        return Secrecy.NONE
    if any(stem in tail for stem in _SURE) or last in _SURE_ALONE or _joined_pass(last):
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
    if last in {"token", "tokens"} and len(words) > 1 and words[-2] in _PAGING:
        return Secrecy.NONE
    if last in _SURE_LAST and len(words) > 1:
        return Secrecy.SURE
    return Secrecy.MAYBE if last in _MAYBE else Secrecy.NONE


def _joined_pass(word: str) -> bool:
    return len(word) > 4 and word.endswith("pass") and word not in _NOT_PASS
