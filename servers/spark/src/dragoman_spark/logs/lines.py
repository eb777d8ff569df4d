"""The lines of a log file, decoded whatever its codec, in constant memory."""

from collections.abc import Iterator
from typing import NamedTuple

from dragoman_spark.sources.codecs import decode
from dragoman_spark.sources.files import LogFile

__all__ = ["Line", "lines"]

_BUFFER = 1 << 18
LINE_LIMIT = 1 << 16


class Line(NamedTuple):
    """A line without its end, at most 64 kB of it; `offset` is in decoded bytes."""

    offset: int
    number: int
    data: bytes


def lines(file: LogFile) -> Iterator[Line]:
    """Every line of a file, in order. Raises LogUnreadable."""
    offset, number, started, head = 0, 1, 0, b""
    for block in _blocks(file):
        begin = 0
        while (end := block.find(b"\n", begin)) >= 0:
            data = head + block[begin : min(end, begin + LINE_LIMIT)] if head else block[begin:end]
            yield Line(started, number, data[:LINE_LIMIT].rstrip(b"\r"))
            number, head, begin = number + 1, b"", end + 1
            started = offset + begin
        head = (head + block[begin : begin + LINE_LIMIT])[:LINE_LIMIT]
        offset += len(block)
    if head:
        yield Line(started, number, head.rstrip(b"\r"))


def _blocks(file: LogFile) -> Iterator[bytes]:
    source = decode(file)
    buffer = bytearray(_BUFFER)
    view = memoryview(buffer)
    try:
        while count := source.readinto(view):
            yield bytes(view[:count])
    finally:
        source.close()
