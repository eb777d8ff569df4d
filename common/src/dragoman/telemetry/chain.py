"""The hash chain: every line holds the hash of the line before it, and its own.

A line's hash is SHA-256 over its bytes up to `,"hash":"`, exactly as they stand in the file,
so nothing about a line can change, white space included, without a trace.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

GENESIS = "0" * 64
LONGEST_LINE = 8 * 2**20

_MARK = b',"hash":"'
_SEAL = len(_MARK) + 64 + len(b'"}\n')


class _Head(msgspec.Struct, frozen=True):
    seq: int
    time: str
    prev: str


@dataclass(frozen=True, slots=True)
class Link:
    """A line whose own hash is right."""

    seq: int
    time: str
    prev: str
    hash: str


def seal(seq: int, when: float, prev: str, body: bytes) -> tuple[bytes, str]:
    """The line for a JSON object with at least one member, and the line's hash.

    `when` is in seconds since the epoch.
    """
    time = datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds")[:-6]
    sealed = b'{"seq":%d,"time":"%sZ","prev":"%s",%s' % (
        seq,
        time.encode(),
        prev.encode(),
        body[1:-1],
    )
    own = sha256(sealed).hexdigest()
    return b'%s,"hash":"%s"}\n' % (sealed, own.encode()), own


def check(line: bytes) -> Link | None:
    """The line's link, or nothing when any of its bytes is not as it was written."""
    sealed, rest = line[:-_SEAL], line[-_SEAL:]
    own = sha256(sealed).hexdigest()
    if rest != b'%s%s"}\n' % (_MARK, own.encode()):
        return None
    try:
        head = _head.decode(line)
    except msgspec.DecodeError:
        return None
    return Link(head.seq, head.time, head.prev, own)


_head = msgspec.json.Decoder(_Head)
