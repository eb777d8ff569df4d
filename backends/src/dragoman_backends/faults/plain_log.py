"""A task's log as a log shipper hands it back: plain text without structure."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def flatten(logs: Path, dag: str, run: str, task: str, attempt: int = 1) -> None:
    """Rewrites the structured log of a try in place."""
    path = logs / f"dag_id={dag}/run_id={run}/task_id={task}/attempt={attempt}.log"
    if not path.read_text().startswith("{"):
        return
    records = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(f"{line}\n" for record in records for line in _lines(record)))


def _lines(record: dict[str, Any]) -> Iterator[str]:
    day, clock = record["timestamp"][:10], record["timestamp"][11:23]
    place = f"{{{record.get('filename', 'log.py')}:{record.get('lineno', 0)}}}"
    level = record.get("level", "info").upper()
    yield f"[{day}, {clock} UTC] {place} {level} - {record['event']}"
    for error in record.get("error_detail") or ():
        yield "Traceback (most recent call last):"
        for frame in error["frames"]:
            yield f'  File "{frame["filename"]}", line {frame["lineno"]}, in {frame["name"]}'
        yield f"{error['exc_type']}: {error['exc_value']}"
