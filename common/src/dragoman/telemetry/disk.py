"""The few system calls a journal makes, apart so that tests can let them fail."""

import os
from pathlib import Path
from typing import Protocol


class Disk(Protocol):
    """Each raises OSError; `write` may write less than it is given."""

    def create(self, path: Path) -> int: ...
    def write(self, fd: int, data: bytes) -> int: ...
    def sync(self, fd: int) -> None: ...
    def truncate(self, fd: int, size: int) -> None: ...


class SystemDisk:
    def create(self, path: Path) -> int:
        """A new file for appending; FileExistsError when there is one."""
        return os.open(
            path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o640
        )

    def write(self, fd: int, data: bytes) -> int:
        return os.write(fd, data)

    def sync(self, fd: int) -> None:
        os.fdatasync(fd)

    def truncate(self, fd: int, size: int) -> None:
        os.ftruncate(fd, size)


def write_all(disk: Disk, fd: int, data: bytes) -> None:
    """A short write is the disk filling up: the next one names the error."""
    left = memoryview(data)
    while left:
        left = left[disk.write(fd, bytes(left) if len(left) < len(data) else data) :]


def sync_folder(folder: Path) -> None:
    """Makes a new file's name as durable as its content."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
