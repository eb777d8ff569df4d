"""Block streams that Spark's Java codecs write: lz4-java, xerial snappy and ning lzf.

Sources of the layouts: LZ4BlockOutputStream (lz4-java), SnappyOutputStream (snappy-java),
LZFChunk (compress-lzf).
"""

import struct
from collections.abc import Iterator
from typing import Protocol

import cramjam

BLOCK_LIMIT = 32 << 20
_LZ4_RAW = 0x10
_SNAPPY_MAGIC = b"\x82SNAPPY\x00"


class BrokenBlock(Exception):
    """The stream is cut inside a block, or a block does not decode."""


class Reads(Protocol):
    def read(self, size: int, /) -> bytes: ...


def lz4_blocks(source: Reads) -> Iterator[bytes]:
    while head := take(source, 21, last=b""):
        magic, token, packed, size = struct.unpack("<8sBiixxxx", head)
        if magic != b"LZ4Block" or not 0 <= packed <= BLOCK_LIMIT or not 0 <= size <= BLOCK_LIMIT:
            raise BrokenBlock
        if not size:
            continue
        body = take(source, packed)
        yield body if token & 0xF0 == _LZ4_RAW else lz4(body, size)


def snappy_blocks(source: Reads) -> Iterator[bytes]:
    while head := take(source, 4, last=b""):
        if _SNAPPY_MAGIC.startswith(head):
            take(source, 12)
            continue
        (packed,) = struct.unpack(">I", head)
        if packed > BLOCK_LIMIT:
            raise BrokenBlock
        yield snappy(take(source, packed))


def lzf_blocks(source: Reads) -> Iterator[bytes]:
    while head := take(source, 5, last=b""):
        magic, kind, packed = struct.unpack(">2sBH", head)
        if magic != b"ZV" or kind > 1:
            raise BrokenBlock
        if kind == 0:
            yield take(source, packed)
            continue
        (size,) = struct.unpack(">H", take(source, 2))
        yield lzf(take(source, packed), size)


def lz4(packed: bytes, size: int) -> bytes:
    """One lz4 block, unpacked; raises BrokenBlock."""
    try:
        return bytes(cramjam.lz4.decompress_block(packed, output_len=size))
    except cramjam.DecompressionError as error:
        raise BrokenBlock from error


def snappy(packed: bytes) -> bytes:
    """One raw snappy block, unpacked; raises BrokenBlock, also where it claims over 32 MB."""
    try:
        if cramjam.snappy.decompress_raw_len(packed) > BLOCK_LIMIT:
            raise BrokenBlock
        return bytes(cramjam.snappy.decompress_raw(packed))
    except cramjam.DecompressionError as error:
        raise BrokenBlock from error


def lzf(packed: bytes, size: int) -> bytes:
    """One lzf block, unpacked; raises BrokenBlock unless it gives exactly `size` bytes."""
    out = bytearray()
    at = 0
    try:
        while at < len(packed):
            control = packed[at]
            at += 1
            if control < 32:
                out += packed[at : at + control + 1]
                at += control + 1
                continue
            length = control >> 5
            if length == 7:
                length += packed[at]
                at += 1
            at = _copy(out, length + 2, ((control & 31) << 8) + packed[at] + 1, at + 1)
    except IndexError as error:
        raise BrokenBlock from error
    if len(out) != size:
        raise BrokenBlock
    return bytes(out)


def _copy(out: bytearray, length: int, back: int, at: int) -> int:
    start = len(out) - back
    if start < 0:
        raise BrokenBlock
    piece = bytes(out[start : start + length])
    out += (piece * (length // len(piece) + 1))[:length]
    return at


def take(source: Reads, size: int, last: bytes | None = None) -> bytes:
    """Exactly `size` bytes; `last` where the source is at its end, BrokenBlock where it is cut."""
    data = source.read(size)
    if not data and last is not None:
        return last
    while len(data) < size:
        more = source.read(size - len(data))
        if not more:
            raise BrokenBlock
        data += more
    return data
