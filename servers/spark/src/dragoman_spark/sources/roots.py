"""The folders that may be read, and nothing outside them."""

import io
import logging
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast

from dragoman_spark.sources.files import LogFile, LogUnreadable, Source
from dragoman_spark.sources.stores import Store, store_of

_log = logging.getLogger(__name__)
_OUTSIDE = "That path is outside the configured log roots. Use a file that an answer named."
_GONE = "That log file is gone or may not be read. Find the application again."


@dataclass(frozen=True, slots=True)
class LogRoot:
    """A folder to serve under a short name; `url` is a path or any fsspec address."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder of a root; `path` is relative to it, `mtime` milliseconds."""

    path: str
    is_folder: bool
    size: int = 0
    mtime: int = 0

    @property
    def base(self) -> str:
        return self.path.rpartition("/")[2]


class Root(Protocol):
    name: str

    def entries(self, folder: str) -> Iterator[Entry]:
        """What a folder holds, empty where there is none; raises OSError when out of reach.

        Names with control or unseen characters are passed over: answers cite names as they are.
        """
        ...

    def entry(self, path: str) -> Entry:
        """Raises LogUnreadable for what is missing or outside."""
        ...

    def open(self, path: str) -> Source:
        """Raises LogUnreadable for what is missing, outside or no plain file."""
        ...


def open_root(root: LogRoot) -> Root:
    """The root, ready to read; local ones are guarded against links out of them.

    One whose store cannot be opened here is out of reach, and the others go on.
    """
    try:
        store, base = store_of(root.url)
    except (ImportError, ValueError, OSError) as why:
        _log.warning("log root %s cannot be opened: %s", root.name, why)
        return ClosedRoot(root.name)
    return LocalRoot(root.name, base) if store is None else RemoteRoot(root.name, store, base)


def log_file(root: Root, entry: Entry) -> LogFile:
    return LogFile(
        name=f"{root.name}/{entry.path}",
        size=entry.size,
        mtime=entry.mtime,
        open=lambda: root.open(entry.path),
    )


def inside(path: str) -> str:
    """The path, if it is relative and stays below; raises LogUnreadable otherwise."""
    parts = path.split("/")
    if path.startswith("/") or "\0" in path or "\\" in path or ".." in parts:
        raise LogUnreadable(_OUTSIDE)
    return "/".join(part for part in parts if part not in {"", "."})


class LocalRoot:
    """A local folder.

    A file is opened first and then proven to lie inside, so a link swapped in between gains
    nothing.
    """

    def __init__(self, name: str, base: str) -> None:
        self.name = name
        self._base = Path(base).resolve()

    def entries(self, folder: str) -> Iterator[Entry]:
        try:
            names = sorted(path.name for path in self._resolve(folder).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            if not folder:
                raise
            return
        for name in filter(str.isprintable, names):
            inner = f"{folder}/{name}" if folder else name
            try:
                yield _local(inner, self._resolve(inner).stat())
            except (OSError, LogUnreadable):
                continue

    def entry(self, path: str) -> Entry:
        try:
            return _local(inside(path), self._resolve(path).stat())
        except OSError as error:
            raise LogUnreadable(_GONE) from error

    def open(self, path: str) -> Source:
        full = self._base / inside(path)
        try:
            # Without O_NONBLOCK a named pipe would hang the open.
            handle = os.open(full, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise LogUnreadable(_GONE) from error
        try:
            self._prove(path, os.fstat(handle))
        except LogUnreadable:
            os.close(handle)
            raise
        return cast("Source", io.FileIO(handle))

    def _prove(self, path: str, opened: os.stat_result) -> None:
        try:
            real = self._resolve(path).stat()
        except OSError as error:
            raise LogUnreadable(_GONE) from error
        if not os.path.samestat(real, opened) or not stat.S_ISREG(opened.st_mode):
            raise LogUnreadable(_OUTSIDE)

    def _resolve(self, path: str) -> Path:
        try:
            real = (self._base / inside(path)).resolve()
        except (RuntimeError, ValueError) as error:
            raise LogUnreadable(_OUTSIDE) from error
        if not real.is_relative_to(self._base):
            raise LogUnreadable(_OUTSIDE)
        return real


def _local(path: str, status: os.stat_result) -> Entry:
    is_folder = stat.S_ISDIR(status.st_mode)
    if not is_folder and not stat.S_ISREG(status.st_mode):
        raise LogUnreadable(_OUTSIDE)
    return Entry(path, is_folder, status.st_size, status.st_mtime_ns // 1_000_000)


class RemoteRoot:
    """A folder of any other fsspec store; paths are normalised before they are used."""

    def __init__(self, name: str, store: Store, base: str) -> None:
        self.name = name
        self._store = store
        self._base = base.rstrip("/")

    def entries(self, folder: str) -> Iterator[Entry]:
        try:
            found = self._store.ls(self._full(folder), detail=True)
        except FileNotFoundError:
            if not folder:
                raise
            return
        for one in sorted(found, key=lambda one: str(one["name"])):
            base = str(one["name"]).rstrip("/").rpartition("/")[2]
            itself = str(one["name"]).rstrip("/") == self._full(folder)
            if base not in {"", ".."} and base.isprintable() and not itself:
                yield _remote(f"{folder}/{base}" if folder else base, one)

    def entry(self, path: str) -> Entry:
        try:
            return _remote(inside(path), self._store.info(self._full(path)))
        except OSError as error:
            raise LogUnreadable(_GONE) from error

    def open(self, path: str) -> Source:
        try:
            return self._store.open(self._full(path), "rb")
        except OSError as error:
            raise LogUnreadable(_GONE) from error

    def _full(self, path: str) -> str:
        clean = inside(path)
        return f"{self._base}/{clean}" if clean else self._base


class ClosedRoot:
    """A root whose store cannot be opened: always out of reach."""

    def __init__(self, name: str) -> None:
        self.name = name

    def entries(self, folder: str) -> Iterator[Entry]:
        raise OSError(f"{self.name}/{folder} is out of reach")

    def entry(self, path: str) -> Entry:
        del path
        raise LogUnreadable(_GONE)

    def open(self, path: str) -> Source:
        del path
        raise LogUnreadable(_GONE)


def _remote(path: str, info: Mapping[str, object]) -> Entry:
    size = info.get("size")
    return Entry(
        path,
        info.get("type") == "directory",
        size if isinstance(size, int) else 0,
        next(filter(None, (_millis(info.get(key)) for key in _TIMES)), 0),
    )


_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")


def _millis(value: object) -> int:
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    return round(value * 1000) if isinstance(value, int | float) else 0
