"""What the decoders give from whole, cut and hostile data."""

import gzip
import io
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import cramjam
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman_spark.sources.codecs import decode
from dragoman_spark.sources.files import LogFile

CORPUS = Path(__file__).parent / "corpus"
CODECS = ("lz4", "lzf", "none", "snappy", "zstd")
TEXT = b"".join(b'{"Event":"x","n":%d}\n' % number for number in range(20_000))


def served(data: bytes, size: int | None = None) -> LogFile:
    return LogFile("logs/file", len(data) if size is None else size, 0, lambda: io.BytesIO(data))


def read(file: LogFile, step: int = 1 << 16) -> tuple[bytes, bool]:
    decoded = decode(file)
    buffer, data = bytearray(step), bytearray()
    while count := decoded.readinto(memoryview(buffer)):
        data += buffer[:count]
    return bytes(data), decoded.cut


def real(codec: str) -> bytes:
    (file,) = (CORPUS / f"codec_{codec}" / "events").iterdir()
    return file.read_bytes()


def lz4(text: bytes, block: int = 32_768) -> bytes:
    parts = [text[at : at + block] for at in range(0, len(text), block)]
    packed = [bytes(cramjam.lz4.compress_block(part, store_size=False)) for part in parts]
    return b"".join(
        struct.pack("<8sBiii", b"LZ4Block", 0x25, len(body), len(part), 0) + body
        for part, body in zip(parts, packed, strict=True)
    ) + struct.pack("<8sBiii", b"LZ4Block", 0x15, 0, 0, 0)


def snappy(text: bytes, block: int = 32_768) -> bytes:
    head = b"\x82SNAPPY\x00" + struct.pack(">II", 1, 1)
    parts = [
        bytes(cramjam.snappy.compress_raw(text[at : at + block]))
        for at in range(0, len(text), block)
    ]
    return head + b"".join(struct.pack(">I", len(part)) + part for part in parts)


ENCODED = {
    "zstd": zstandard.compress(TEXT[:200_000]) + zstandard.compress(TEXT[200_000:]),
    "lz4": lz4(TEXT),
    "snappy": snappy(TEXT[:99_999]) + snappy(TEXT[99_999:]),
    "gz": gzip.compress(TEXT[:200_000]) + gzip.compress(TEXT[200_000:]),
    "none": TEXT,
}


@pytest.mark.parametrize("codec", CODECS)
def test_a_log_of_each_of_sparks_codecs_decodes_whole(codec: str) -> None:
    data, cut = read(served(real(codec)))

    lines = data.splitlines()
    assert not cut
    assert len(lines) == 32
    assert all(line.startswith(b'{"Event":"') and line.endswith(b"}") for line in lines)


@pytest.mark.parametrize("codec", ENCODED)
def test_streams_written_one_after_another_decode_as_one(codec: str) -> None:
    assert read(served(ENCODED[codec]), step=777) == (TEXT, False)


@settings(max_examples=60, deadline=None)
@given(codec=st.sampled_from(sorted(ENCODED)), share=st.floats(0, 1))
def test_a_cut_anywhere_gives_what_came_before_it(codec: str, share: float) -> None:
    data = ENCODED[codec]

    text, _ = read(served(data[: int(len(data) * share)]))

    assert TEXT.startswith(text)


@settings(max_examples=60, deadline=None)
@given(codec=st.sampled_from(sorted(ENCODED)), at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_ends_or_alters_the_text_but_raises_nothing(
    codec: str, at: int, bit: int
) -> None:
    data = bytearray(ENCODED[codec])
    data[at % len(data)] ^= 1 << bit

    text, _ = read(served(bytes(data)))

    assert len(text) <= len(data) + len(TEXT)


def test_a_zstd_log_cut_between_frames_is_whole_and_cut_inside_one_is_not() -> None:
    first = zstandard.compress(TEXT)

    assert read(served(first)) == (TEXT, False)
    for size in (5, 20, len(first) // 2, len(first) - 1):
        assert read(served(first[:size]))[1]
    assert read(served(first + first[:6]))[1]


@pytest.mark.parametrize("level", [1, 9, 15])
def test_frames_of_any_shape_are_followed_to_their_end(level: int) -> None:
    checked = zstandard.ZstdCompressor(level=level, write_checksum=True)
    stream = checked.compressobj()
    unsized = stream.compress(TEXT) + stream.flush()
    skippable = struct.pack("<II", 0x184D2A53, 10) + bytes(10)

    text, cut = read(served(checked.compress(b"a") + skippable + unsized + checked.compress(b"")))

    assert text == b"a" + TEXT
    assert not cut


@pytest.mark.parametrize(
    "bomb",
    [
        struct.pack("<8sBiii", b"LZ4Block", 0x2F, 10, 2**31 - 1, 0) + bytes(10),
        struct.pack("<8sBiii", b"LZ4Block", 0x2F, -5, 100, 0) + bytes(10),
        b"\x82SNAPPY\x00" + struct.pack(">III", 1, 1, 2**31) + bytes(10),
        b"\x82SNAPPY\x00" + struct.pack(">III", 1, 1, 10) + b"\xff\xff\xff\xff\x0f" + bytes(5),
        b"ZV\x01\xff\xff\xff\xff" + bytes(10),
        b"ZV\x01\x00\x03\x00\x09\xe0\xff\xff",
        zstandard.FRAME_HEADER + b"\x00\xf8" + bytes(10),
    ],
    ids=["lz4 2 GB", "lz4 negative", "snappy 2 GB", "snappy 4 GB", "lzf", "lzf before", "window"],
)
def test_a_block_that_claims_too_much_is_cut_and_costs_nothing(bomb: bytes) -> None:
    tracemalloc.start()
    text, cut = read(served(bomb))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (text, cut) == (b"", True)
    assert peak < 2_000_000


@pytest.mark.parametrize("pack", [zstandard.compress, gzip.compress], ids=["zstd", "gz"])
def test_a_bomb_is_decoded_in_small_pieces(pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(bytes(24_000_000))
    tracemalloc.start()
    decoded = decode(served(bomb))
    buffer, total = bytearray(1 << 16), 0
    while count := decoded.readinto(memoryview(buffer)):
        total += count
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert total == 24_000_000
    assert peak < 2_000_000


def test_only_the_size_that_was_seen_is_read_and_growth_is_told() -> None:
    file = served(TEXT, size=1_000)
    decoded = decode(file)

    while decoded.readinto(memoryview(bytearray(1 << 20))):
        pass

    assert read(file)[0] == TEXT[:1_000]
    assert decoded.source.grew


def test_a_log_shorter_than_it_was_seen_to_be_is_told() -> None:
    decoded = decode(served(TEXT, size=len(TEXT) + 10))

    while decoded.readinto(memoryview(bytearray(1 << 20))):
        pass

    assert decoded.source.shrank
