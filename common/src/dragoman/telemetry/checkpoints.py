"""Checkpoints kept beside the journal: without one, a cut tail looks like a shorter journal."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from dragoman.telemetry.record import Checkpoint

_NAME = "checkpoints"


def keep(folder: Path, head: Checkpoint) -> None:
    """Adds a checkpoint to the folder's; on a disk that is full there is one less."""
    with suppress(OSError), (folder / _NAME).open("ab") as file:
        file.write(msgspec.json.encode(head) + b"\n")
        file.flush()
        os.fdatasync(file.fileno())


def kept(folder: Path) -> Iterator[Checkpoint]:
    """The folder's own checkpoints, oldest first; lines that cannot be read are passed over."""
    with suppress(FileNotFoundError), (folder / _NAME).open("rb") as file:
        for line in file:
            with suppress(msgspec.DecodeError):
                yield msgspec.json.decode(line, type=Checkpoint)
