"""How fast, and in how much memory, an event log of about 2 GB becomes facts.

Figures: MB (uncompressed) a second of CPU time on one core, for a log of wide SQL stages and for
one of small tasks, the median of three passes; the growth of resident memory over what the
imports and a small log take; the CPU seconds to a verdict on the large log. zstd alone is the
floor.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from report import report
from spark_log_maker import small_tasks, wide

from dragoman_spark.diagnosis import diagnosed
from dragoman_spark.eventlog.read import read_application
from dragoman_spark.eventlog.summaries import Summaries
from dragoman_spark.sources import LogRoot, Sources
from dragoman_spark.sources.codecs import decode
from dragoman_spark.sources.found import Found

CORPUS = Path(__file__).parent.parent / "servers/spark/tests/corpus"
SIZE = 2_048_000_000
PASSES = 3


def main() -> None:
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        wide_log = wide(CORPUS / "bad_plan", folder / "wide", SIZE)
        small_log = small_tasks(CORPUS / "rolled_healthy", folder / "small", SIZE // 2)
        wide_found, small_found = _found(folder / "wide"), _found(folder / "small")
        wide_s = _cpu(lambda: _read(wide_found, wide_log.tasks))
        small_s = _cpu(lambda: _read(small_found, small_log.tasks))
        floor_s = _cpu(lambda: _decode(wide_found))
        figures = _in_fresh_process(folder / "wide")
    report(
        "spark_reader",
        "msgspec",
        "zstandard",
        wide_mb_s=round(wide_log.size / 1e6 / wide_s),
        small_tasks_mb_s=round(small_log.size / 1e6 / small_s),
        rss_growth_mb=round(figures["growth_mb"], 1),
        verdict_s=round(figures["cpu_s"], 2),
        zstd_mb_s=round(wide_log.size / 1e6 / floor_s),
        size_mb=round(wide_log.size / 1e6),
        tasks=wide_log.tasks,
    )


def measure(folder: Path) -> None:
    """Prints what one cold diagnosis of the log takes in this process."""
    _verdict(CORPUS / "healthy")
    before, begin = _peak_mb(), time.process_time()
    _verdict(folder)
    taken = time.process_time() - begin
    sys.stdout.write(json.dumps({"cpu_s": taken, "growth_mb": _peak_mb() - before}))


def _verdict(folder: Path) -> None:
    sources = Sources([LogRoot("bench", str(folder))])
    (found,) = sources.find().found
    diagnosed(found, sources, Summaries())


def _found(folder: Path) -> Found:
    (found,) = Sources([LogRoot("bench", str(folder))]).find().found
    return found


def _read(found: Found, tasks: int) -> None:
    facts = read_application(found.files)
    assert sum(stage.succeeded for stage in facts.stages.values()) == tasks
    assert not facts.damage


def _decode(found: Found) -> None:
    target = memoryview(bytearray(1 << 20))
    for file in found.files:
        decoded = decode(file)
        while decoded.readinto(target):
            pass
        decoded.close()


def _cpu(act: Callable[[], None]) -> float:
    taken: list[float] = []
    for _ in range(PASSES):
        begin = time.process_time()
        act()
        taken.append(time.process_time() - begin)
    return statistics.median(taken)


def _in_fresh_process(folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, str(folder)]
    run = subprocess.run(command, capture_output=True, check=True, text=True)
    return json.loads(run.stdout)


def _peak_mb() -> float:
    """The highest resident size of this process so far."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1000


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]))
    else:
        main()
