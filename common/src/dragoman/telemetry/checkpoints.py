"""Checkpoints kept beside the journal: without one, a cut tail looks like a shorter journal."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from dragoman.telemetry.record import Checkpoint

_NAME = "checkpoint.json"


def keep(folder: Path, head: Checkpoint) -> None:
    """Replaces the folder's checkpoint; a disk that is full keeps the older one."""
    if head.seq == 0:
        return
    with suppress(OSError):
        fresh = folder / f"{_NAME}.new"
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(head))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / _NAME)


def kept(folder: Path) -> Sequence[Checkpoint]:
    """The folder's own checkpoint, if it has one that can be read."""
    try:
        return (msgspec.json.decode((folder / _NAME).read_bytes(), type=Checkpoint),)
    except (FileNotFoundError, msgspec.DecodeError):
        return ()
