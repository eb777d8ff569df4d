"""How a task log of 1 GB is read: memory, time, and whether the one error in its middle is found.

Figures: growth of resident memory in MB over what imports and a small log take, in a process of
its own; whether the traceback is in the digest, root first; MB a second; the longest time in
milliseconds that the event loop was not free. Bars: growth ≤ 40 MB, found, loop ≤ 50 ms.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from report import report

from dragoman_airflow.api import LogStream
from dragoman_airflow.logs.task_log import TaskLog, read_log

SIZE = 1_000_000_000
CHUNK = 1 << 16
FORMS = {"ndjson": "application/x-ndjson", "text": "text/plain"}


def main() -> None:
    figures = {form: _in_fresh_process(form) for form in FORMS}
    report(
        "airflow_log",
        "msgspec",
        rss_growth_mb=round(max(one["growth_mb"] for one in figures.values()), 1),
        traceback_found=all(one["found"] for one in figures.values()),
        loop_held_ms=round(max(one["held_ms"] for one in figures.values()), 1),
        ndjson_mb_s=round(SIZE / 1e6 / figures["ndjson"]["seconds"]),
        text_mb_s=round(SIZE / 1e6 / figures["text"]["seconds"]),
        size_mb=SIZE // 1_000_000,
    )


async def measure(form: str) -> None:
    """Prints what one pass over the log takes in this process."""
    await read_log(LogStream(FORMS[form], _log(form, 1_000_000)))
    held = asyncio.create_task(_held())
    await asyncio.sleep(0.1)
    before, begin = _peak_mb(), time.perf_counter()
    told = await read_log(LogStream(FORMS[form], _log(form, SIZE)))
    seconds = time.perf_counter() - begin
    held.cancel()
    figures = {
        "growth_mb": _peak_mb() - before,
        "found": _is_found(told),
        "seconds": seconds,
        "held_ms": max(_gaps) * 1000,
    }
    sys.stdout.write(json.dumps(figures))


def _is_found(told: TaskLog) -> bool:
    names = [raised.simple for raised in told.chain]
    frames = [frame.name for frame in told.chain[0].user_frames] if told.chain else []
    return names == ["KeyError", "BatchRejected"] and frames[:1] == ["_convert"]


async def _log(form: str, size: int) -> AsyncIterator[bytes]:
    line, failure = (_ndjson_line(), _ndjson_failure()) if form == "ndjson" else _text()
    block = line * (CHUNK // len(line) + 1)
    sent = 0
    while sent < size:
        if sent <= size // 2 < sent + len(block):
            yield failure
        yield block
        sent += len(block)
        await asyncio.sleep(0)


def _ndjson_line() -> bytes:
    record = {
        "timestamp": "2026-11-25T04:04:24.003136Z",
        "event": "loaded 1184 rows of partition ds=2026-11-07/hour=04 in 0.31 s",
        "level": "info",
        "logger": "acme.ingest",
        "try_number": 1,
        "filename": "ingest.py",
        "lineno": 55,
    }
    return json.dumps(record).encode() + b"\n"


def _ndjson_failure() -> bytes:
    frame = {"filename": "/opt/airflow/plugins/acme/ingest.py", "lineno": 37, "name": "_convert"}
    outer = {"exc_type": "BatchRejected", "exc_value": "batch 4: no currency", "is_cause": False}
    root = {"exc_type": "KeyError", "exc_value": "'currency'", "is_cause": True}
    detail = [{**outer, "frames": [frame]}, {**root, "frames": [frame]}]
    record = {"event": "Task failed with exception", "level": "error", "logger": "task"}
    return json.dumps({**record, "error_detail": detail}).encode() + b"\n"


def _text() -> tuple[bytes, bytes]:
    head = "[2026-11-25T04:04:24.003+0000]"
    line = f"{head} {{ingest.py:55}} INFO - loaded 1184 rows of partition ds=2026-11-07/hour=04\n"
    frame = '  File "/opt/airflow/plugins/acme/ingest.py", line 37, in _convert\n    return 1\n'
    failure = (
        f"{head} {{taskinstance.py:3337}} ERROR - Task failed with exception\n"
        f"Traceback (most recent call last):\n{frame}KeyError: 'currency'\n\n"
        "The above exception was the direct cause of the following exception:\n\n"
        f"Traceback (most recent call last):\n{frame}acme.BatchRejected: batch 4\n"
    )
    return line.encode(), failure.encode()


_gaps: list[float] = [0.0]


async def _held() -> None:
    """Notes by how much a sleep of 5 ms is late, which is how long the loop was held."""
    while True:
        begin = time.perf_counter()
        await asyncio.sleep(0.005)
        _gaps.append(time.perf_counter() - begin - 0.005)


def _in_fresh_process(form: str) -> dict[str, float]:
    command = [sys.executable, __file__, form]
    run = subprocess.run(command, capture_output=True, check=True, text=True)
    return json.loads(run.stdout)


def _peak_mb() -> float:
    """The highest resident size of this process so far."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1000


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(measure(sys.argv[1]))
    else:
        main()
