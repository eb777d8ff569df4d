"""The first events of a log: enough to know whose it is, without reading it."""

import re

import msgspec

from dragoman_spark.sources.codecs import decode
from dragoman_spark.sources.files import LogFile, LogUnreadable

REACH = 1 << 20
_EVENT = b'{"Event":"SparkListener'
_START = b'{"Event":"SparkListenerApplicationStart"'
_ID = re.compile(r"[A-Za-z0-9._:+-]{1,200}")


class Start(msgspec.Struct, frozen=True):
    """ApplicationStart as Spark writes it; ids are None where Spark left them out."""

    name: str | None = msgspec.field(name="App Name", default=None)
    id: str | None = msgspec.field(name="App ID", default=None)
    attempt: str | None = msgspec.field(name="App Attempt ID", default=None)


def peek(file: LogFile) -> Start | None:
    """The application's start, empty if it is not among the first events.

    None if the file is no event log or cannot be read.
    """
    try:
        head = _head(file)
    except LogUnreadable:
        return None
    if not head.startswith(_EVENT):
        return None
    at = head.find(b"\n" + _START) + 1
    if not at and not head.startswith(_START):
        return Start()
    try:
        start = msgspec.json.decode(head[at : head.find(b"\n", at)], type=Start)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Start()
    return Start(start.name, as_id(start.id), as_id(start.attempt))


def as_id(said: str | None) -> str | None:
    """What a log says its id is, if it can be one: it is shown to agents unfenced."""
    return said if said and _ID.fullmatch(said) else None


def _head(file: LogFile) -> bytes:
    decoded = decode(file)
    data = bytearray()
    step = bytearray(1 << 16)
    try:
        while len(data) < REACH and (count := decoded.readinto(memoryview(step))):
            data += step[:count]
            if not data.startswith(_EVENT[: len(data)]) or b"\n" + _START in data[:-1_000]:
                break
    finally:
        decoded.close()
    return bytes(data)
