"""Large event logs made from real lines of the corpus, with ids, times and values changed.

`wide` repeats the widest task end of a run over many stages and executors; `small_tasks` repeats a
whole run of many small tasks. Both are rolled at 128 MB and compressed in frames of 256 kB, the
way Spark writes and flushes them.
"""

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

ROLL = 128_000_000
FRAME = 1 << 18
TASKS_PER_STAGE = 2_000
EXECUTORS = 200
_NUMBER = re.compile(rb"(?<=[:\"])[1-9]\d*(?=[,}\"])")
_ID = re.compile(rb'"(Stage ID|Task ID|Job ID|executionId)":(\d+)')
_SPACING = {b"Stage ID": 1_000, b"Task ID": 100_000, b"Job ID": 1_000, b"executionId": 1_000}


@dataclass(frozen=True, slots=True)
class Made:
    """A log's files, its uncompressed size and its task ends."""

    files: tuple[Path, ...]
    size: int
    tasks: int


def wide(run: Path, folder: Path, size: int) -> Made:
    """Stages of 2,000 tasks on 200 executors; each task end is about 10 kB.

    Every value that is not zero differs from task to task.
    """
    lines = _lines(run)
    head = [line for line in lines[:8] if b"Job" not in line]
    return _write(folder, _wide_lines(lines, head, size), size)


def small_tasks(run: Path, folder: Path, size: int) -> Made:
    """The run's own lines over and over, ids shifted in each round."""
    return _write(folder, _rounds(_lines(run)), size)


def _wide_lines(lines: list[bytes], head: list[bytes], size: int) -> Iterator[bytes]:
    yield from head
    draw = random.Random(43)  # noqa: S311  # the same log in each run
    pool = [b"%d" % int(draw.lognormvariate(8, 3)) for _ in range(100_000)]
    start = next(line for line in lines if line.startswith(b'{"Event":"SparkListenerTaskStart"'))
    submitted = next(line for line in lines if b"StageSubmitted" in line)
    completed = next(line for line in lines if b"StageCompleted" in line)
    task = max((line for line in lines if b"TaskEnd" in line and b"Success" in line), key=len)
    mark = task.index(b',"Accumulables":[')
    fixed = _NUMBER.split(task[mark:])
    pieces: list[bytes] = [b""] * (2 * len(fixed) - 1)
    pieces[::2] = fixed
    for number in range(size // len(task)):
        stage, index = divmod(number, TASKS_PER_STAGE)
        if index == 0:
            yield _with_id(submitted, b"Stage ID", stage)
        at = draw.randrange(len(pool) - len(fixed))
        pieces[1::2] = pool[at : at + len(fixed) - 1]
        yield _with_id(_with_id(start, b"Task ID", number), b"Stage ID", stage)
        yield _task_head(stage, number, index, int(pool[at]) % 60_000) + b"".join(pieces)
        if index == TASKS_PER_STAGE - 1:
            yield _with_id(completed, b"Stage ID", stage)


def _task_head(stage: int, number: int, index: int, duration: int) -> bytes:
    launched = 1_795_547_000_000 + number
    executor = number * 7919 % EXECUTORS
    return (
        b'{"Event":"SparkListenerTaskEnd","Stage ID":%d,"Stage Attempt ID":0,'
        b'"Task Type":"ShuffleMapTask","Task End Reason":{"Reason":"Success"},'
        b'"Task Info":{"Task ID":%d,"Index":%d,"Attempt":0,"Partition ID":%d,'
        b'"Launch Time":%d,"Executor ID":"%d","Host":"worker-%d","Locality":"PROCESS_LOCAL",'
        b'"Speculative":false,"Getting Result Time":0,"Finish Time":%d,"Failed":false,'
        b'"Killed":false'
    ) % (stage, number, index, index, launched, executor, executor // 4, launched + duration)


def _with_id(line: bytes, key: bytes, value: int) -> bytes:
    return re.sub(rb'"%b":\d+' % key, b'"%b":%d' % (key, value), line, count=1)


def _rounds(lines: list[bytes]) -> Iterator[bytes]:
    end = next(at for at, line in enumerate(lines) if b"SparkListenerApplicationEnd" in line)
    begin = next(at for at, line in enumerate(lines) if b"SparkListenerApplicationStart" in line)
    yield from lines[: begin + 1]
    templates = [_ID.split(line) for line in lines[begin + 1 : end]]
    number = 0
    while True:
        shifts = {key: number * spacing for key, spacing in _SPACING.items()}
        for parts in templates:
            yield _shifted(parts, shifts)
        number += 1


def _shifted(parts: list[bytes], shifts: dict[bytes, int]) -> bytes:
    if len(parts) == 1:
        return parts[0]
    made = [parts[0]]
    for at in range(1, len(parts), 3):
        made.append(b'"%b":%d' % (parts[at], int(parts[at + 1]) + shifts[parts[at]]))
        made.append(parts[at + 2])
    return b"".join(made)


def _lines(run: Path) -> list[bytes]:
    """The run's events in order, each with its newline."""
    files = sorted(run.glob("events/*/events_*"), key=lambda path: int(path.name.split("_")[1]))
    decoder = zstandard.ZstdDecompressor()
    text = b"".join(
        decoder.stream_reader(path.read_bytes(), read_across_frames=True).read() for path in files
    )
    return text.splitlines(keepends=True)


def _write(folder: Path, lines: Iterable[bytes], size: int) -> Made:
    target = folder / "eventlog_v2_app-20261125000000-0001"
    target.mkdir(parents=True)
    (target / "appstatus_app-20261125000000-0001").touch()
    compressor = zstandard.ZstdCompressor(level=1)
    files: list[Path] = []
    written = tasks = 0
    frame: list[bytes] = []
    held = left = 0
    for line in lines:
        frame.append(line)
        held += len(line)
        tasks += line.startswith(b'{"Event":"SparkListenerTaskEnd"')
        if held < FRAME and written + held < size:
            continue
        if left <= 0:
            name = f"events_{len(files) + 1}_app-20261125000000-0001.zstd"
            files.append(target / name)
            left = ROLL
        with files[-1].open("ab") as out:
            out.write(compressor.compress(b"".join(frame)))
        written, left = written + held, left - held
        frame, held = [], 0
        if written >= size:
            break
    return Made(tuple(files), written, tasks)
