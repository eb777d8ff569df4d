"""What the journal keeps of a call, as plain words: rooms beside this one are not needed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec

Kind = Literal["intent", "outcome", "refusal", "proposal", "approval", "decline", "gap"]
Result = Literal[
    "success",
    "tool_error",
    "waiting_approval",
    "protocol_error",
    "cancelled",
    "timed_out",
    "refused",
]


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry. What is empty is left out of the line.

    `arguments` and `output` are redacted JSON text; the digests are over the true values
    (RFC 8785, SHA-256, hex). `work_digest` is over the arguments without paging: calls that
    share it did the same work. `minutes` is the manifest's claim, before any counting.
    `lost` is how many records a gap stands for.
    """

    kind: Kind
    call_id: str = ""
    server: str = ""
    tool: str = ""
    risk: str = ""
    action: str = ""
    subject: str = ""
    groups: tuple[str, ...] = ()
    workload: str = ""
    surface: str = ""
    channel: str = ""
    issuer: str = ""
    arguments_digest: str = ""
    work_digest: str = ""
    arguments: str = ""
    proposal: str = ""
    decision: str = ""
    policies: tuple[str, ...] = ()
    result: Result | None = None
    duration_ms: float = 0.0
    output_digest: str = ""
    output: str = ""
    error: str = ""
    minutes: float = 0.0
    protocol: str = ""
    trace_id: str = ""
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The chain up to `seq` ends in `hash`."""

    seq: int
    hash: str


Receipt = Checkpoint


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it stands in the journal; `time` is UTC, ISO 8601 with milliseconds."""

    seq: int
    time: str
    prev: str
    hash: str
    record: Record


_LONGEST = 65_536
_LONGEST_TEXT = 8192
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)


def encode(record: Record) -> bytes:
    """The record as one JSON object. One over 64 KiB has its texts cut to 8 Ki characters."""
    try:
        body = _encoder.encode(record)
    except UnicodeEncodeError:
        return encode(_each_text(record, _escaped))
    if len(body) <= _LONGEST:
        return body
    return _encoder.encode(_each_text(record, _cut))


def decode(line: bytes) -> Record:
    """Raises msgspec.DecodeError for what no journal of this version wrote."""
    return _decoder.decode(line)


def _each_text(record: Record, change: Callable[[str], str]) -> Record:
    texts = {
        field: change(value)
        for field, value in msgspec.structs.asdict(record).items()
        if isinstance(value, str)
    }
    return msgspec.structs.replace(
        record,
        groups=tuple(map(change, record.groups)),
        policies=tuple(map(change, record.policies)),
        **texts,
    )


def _cut(text: str) -> str:
    if len(text) <= _LONGEST_TEXT:
        return text
    return f"{text[:_LONGEST_TEXT]}… [{len(text)} characters]"


def _escaped(text: str) -> str:
    """Lone surrogates have no UTF-8: they are written as escapes."""
    return text.encode(errors="backslashreplace").decode()
