"""Rolled event logs: order, gaps and compaction."""

import io
from collections.abc import Sequence
from pathlib import Path

import zstandard

from dragoman_spark.eventlog.places import DamageKind
from dragoman_spark.eventlog.read import read_application
from dragoman_spark.sources.files import LogFile

CORPUS = Path(__file__).parent / "corpus"


def log(data: bytes, name: str) -> LogFile:
    return LogFile(name, len(data), 1, lambda: io.BytesIO(data))


def test_missing_rolled_files_are_counted_and_the_rest_is_read_in_order() -> None:
    files = _rolled("rolled_healthy", [3, 1])

    facts = read_application(files)

    assert [one.kind for one in facts.damage] == [DamageKind.MISSING_FILE]
    assert [name[-40:-30] for name in facts.files] == sorted(name[-40:-30] for name in facts.files)
    assert facts.ended


def test_rolled_files_are_ordered_by_number_not_by_name() -> None:
    (one,) = _rolled("udf_exception", [1])
    data = one.open().read(one.size)
    stream = zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True)
    text = stream.read().splitlines(keepends=True)
    files = [
        log(b"".join(text[at * 5 : at * 5 + 5]), one.name.replace("events_1_", f"events_{at + 1}_"))
        for at in range(len(text) // 5 + 1)
    ]

    facts = read_application(sorted(files, key=lambda file: file.name))

    assert [int(name.split("events_")[1].split("_")[0]) for name in facts.files] == list(
        range(1, len(files) + 1)
    )
    assert facts.last
    assert facts.last.kind == "SparkListenerBlockManagerRemoved"


def test_a_compact_file_replaces_those_before_it_and_is_named() -> None:
    first, second, third = _rolled("rolled_healthy", [1, 2, 3])
    compact = LogFile(f"{second.name}.compact", second.size, second.mtime, second.open)

    facts = read_application([first, second, compact, third])

    assert facts.files == (compact.name, third.name)
    assert [one.kind for one in facts.damage] == [DamageKind.COMPACTED]


def _rolled(run: str, numbers: Sequence[int]) -> list[LogFile]:
    files: list[LogFile] = []
    for number in numbers:
        (path,) = (CORPUS / run).glob(f"events/*/events_{number}_*")
        files.append(log(path.read_bytes(), f"logs/{path.parent.name}/{path.name}"))
    return files
