"""Decoded bytes of a log, whatever Spark's codec, chosen by what the file begins with.

Spark's lz4, snappy and lzf are Java block streams, not the frames the usual libraries read.
Every decoder holds at most a few MB, however much its input claims to hold, and gives all that
comes before a cut.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import IO, Protocol, cast

import zstandard

from dragoman_spark.sources.blocks import BrokenBlock, lz4_blocks, lzf_blocks, snappy_blocks
from dragoman_spark.sources.files import Bounded, LogFile, stop_if_given_up
from dragoman_spark.sources.frames import Frames

CHUNK = 1 << 18
WINDOW_LIMIT = 1 << 27


class Readable(Protocol):
    def readinto(self, target: memoryview, /) -> int: ...


class Decoded(Readable, Protocol):
    """Decoded bytes; after the end `cut` says that the compressed data ended early or is broken."""

    cut: bool

    @property
    def source(self) -> Bounded: ...

    def close(self) -> None: ...


def decode(file: LogFile) -> Decoded:
    """The file's decoded bytes, up to the size it was seen with.

    Raises LogUnreadable. Bytes of no known codec come as they are.
    """
    source = Bounded(file.open(), file.size)
    head = source.read(16)
    rest = Prefixed(head, source)
    if _begins(head, zstandard.FRAME_HEADER):
        return _Zstd(rest)
    for magic, blocks in _BLOCK_STREAMS.items():
        if _begins(head, magic):
            return _Blocks(rest, blocks)
    return _Blocks(rest, _plain)


def _begins(head: bytes, magic: bytes) -> bool:
    """Whether data begins with a magic, or is cut inside it."""
    return head.startswith(magic) or (head != b"" and magic.startswith(head))


class Prefixed:
    """A source whose first bytes were already taken."""

    def __init__(self, head: bytes, source: Bounded) -> None:
        self._head = head
        self.bounded = source

    def read(self, size: int, /) -> bytes:
        if not self._head:
            return self.bounded.read(size)
        data, self._head = self._head[:size], self._head[size:]
        return data


class _Zstd:
    """Frames one after another; Spark closes one at every flush."""

    def __init__(self, source: Prefixed) -> None:
        self.source = source.bounded
        self._frames = Frames(source)
        decompressor = zstandard.ZstdDecompressor(max_window_size=WINDOW_LIMIT)
        # The stub asks for a whole file where the reader only ever calls read().
        source_of_frames = cast("IO[bytes]", self._frames)
        self._stream: Readable = decompressor.stream_reader(
            source_of_frames, read_size=CHUNK, read_across_frames=True, closefd=False
        )
        self.cut = False

    def readinto(self, target: memoryview, /) -> int:
        stop_if_given_up()
        try:
            count = self._stream.readinto(target)
        except zstandard.ZstdError:
            self.cut = True
            return 0
        if not count:
            self.cut = self._frames.open
        return count

    def close(self) -> None:
        self.source.close()


class _Blocks:
    """Bytes that come in pieces of at most a few MB."""

    def __init__(self, source: Prefixed, blocks: Callable[[Prefixed], Iterator[bytes]]) -> None:
        self.source = source.bounded
        self._blocks = blocks(source)
        self._left = memoryview(b"")
        self.cut = False

    def readinto(self, target: memoryview, /) -> int:
        stop_if_given_up()
        while not self._left:
            try:
                self._left = memoryview(next(self._blocks))
            except StopIteration:
                return 0
            except BrokenBlock:
                self.cut = True
                return 0
        count = min(len(target), len(self._left))
        target[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def close(self) -> None:
        self.source.close()


def _plain(source: Prefixed) -> Iterator[bytes]:
    while data := source.read(CHUNK):
        yield data


def _gzip(source: Prefixed) -> Iterator[bytes]:
    """Members one after another; zeros after the last are padding."""
    member = zlib.decompressobj(31)
    data = source.read(CHUNK)
    while data:
        try:
            piece = member.decompress(data, CHUNK)
        except zlib.error as error:
            raise BrokenBlock from error
        if piece:
            yield piece
        data = member.unconsumed_tail
        if member.eof:
            data = member.unused_data.lstrip(b"\0") or source.read(CHUNK).lstrip(b"\0")
            member = zlib.decompressobj(31) if data else member
        elif not data:
            data = source.read(CHUNK)
    if not member.eof:
        raise BrokenBlock


_BLOCK_STREAMS: dict[bytes, Callable[[Prefixed], Iterator[bytes]]] = {
    b"LZ4Block": lz4_blocks,
    b"\x82SNAPPY\x00": snappy_blocks,
    b"ZV": lzf_blocks,
    b"\x1f\x8b": _gzip,
}
