"""Logs for tests: built line by line, and captured from real Airflows."""

import json
import traceback
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from dragoman_airflow.api import LogStream
from dragoman_airflow.logs.facts import Finding, find_cause
from dragoman_airflow.logs.reading import LogDigest, LogReader

CAPTURES = Path(__file__).parent / "captures"
NDJSON = "application/x-ndjson"
JSON = "application/json"
TEXT = "text/plain"
TYPES = {".ndjson": NDJSON, ".json": JSON, ".txt": TEXT}
HEAD = "[2026-11-25T04:14:46.437+0000] "


def digest_of(data: bytes, content_type: str = NDJSON, step: int = 1 << 20) -> LogDigest:
    reader = LogReader(content_type)
    for at in range(0, len(data), step):
        reader.feed(data[at : at + step])
    return reader.end()


def cause_in(data: bytes, content_type: str = NDJSON) -> Finding:
    return find_cause(digest_of(data, content_type))


def captured(name: str) -> tuple[bytes, str]:
    path = CAPTURES / name
    return path.read_bytes(), TYPES[path.suffix]


def record(event: str, level: str = "info", logger: str = "acme.ingest", **rest: Any) -> str:
    stamp = "2026-11-25T04:04:24.003136Z"
    return json.dumps(
        {"timestamp": stamp, "event": event, "level": level, "logger": logger, **rest}
    )


def ndjson(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def failed(detail: list[dict[str, Any]], *before: str) -> bytes:
    """An Airflow 3 log that ends in this `error_detail`."""
    end = record("Task failed with exception", "error", "task", error_detail=detail)
    return ndjson(*(record(line) for line in before), end)


def failed_by(error: BaseException, *before: str) -> bytes:
    return failed(detail_of(error), *before)


def failed_text(error: BaseException, *before: str) -> bytes:
    """An Airflow 2 log that ends in this exception."""
    lines = [f"{HEAD}{{ingest.py:46}} INFO - {line}" for line in before]
    told = "".join(traceback.format_exception(error))
    end = f"{HEAD}{{taskinstance.py:3337}} ERROR - Task failed with exception\n{told}"
    after = f"{HEAD}{{taskinstance.py:1242}} INFO - Marking task as FAILED. dag_id=x\n"
    return "\n".join([*lines, end + after]).encode()


def stack(name: str, value: str, *frames: tuple[str, str], cause: bool = False) -> dict[str, Any]:
    return {
        "exc_type": name,
        "exc_value": value,
        "exc_notes": [],
        "syntax_error": None,
        "is_cause": cause,
        "frames": [
            {"filename": file, "lineno": 7 + place, "name": function}
            for place, (file, function) in enumerate(frames)
        ],
        "is_group": False,
        "exceptions": [],
    }


def detail_of(error: BaseException, *, cause: bool = False) -> list[dict[str, Any]]:
    """The `error_detail` that Airflow 3 writes for an exception: the outermost first."""
    one = stack(type(error).__name__, str(error), *_steps(error.__traceback__), cause=cause)
    one["exc_notes"] = list(getattr(error, "__notes__", ()))
    members: Iterable[BaseException] = getattr(error, "exceptions", ())
    if members:
        one["is_group"] = True
        one["exceptions"] = [{"stacks": detail_of(member)} for member in members]
    if error.__cause__ is not None:
        return [one, *detail_of(error.__cause__, cause=True)]
    if error.__context__ is not None and not error.__suppress_context__:
        return [one, *detail_of(error.__context__)]
    return [one]


def stream(data: bytes, content_type: str = NDJSON, step: int = 1 << 16) -> LogStream:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(data), step):
            yield data[at : at + step]

    return LogStream(content_type, chunks())


def _steps(found: TracebackType | None) -> list[tuple[str, str]]:
    steps: list[tuple[str, str]] = []
    while found is not None:
        code = found.tb_frame.f_code
        steps.append((code.co_filename, code.co_name))
        found = found.tb_next
    return steps
