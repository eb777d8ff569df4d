"""The SQLite file behind the local approvals; several processes may share it."""

import os
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from dragoman.errors import StoreUnavailable

_VERSION = 1

_SCHEMA = f"""
CREATE TABLE proposals (
    id TEXT PRIMARY KEY,
    call TEXT NOT NULL,
    purpose TEXT NOT NULL,
    binding TEXT NOT NULL,
    state TEXT NOT NULL,
    expires REAL NOT NULL,
    created REAL NOT NULL,
    body TEXT NOT NULL,
    decision TEXT,
    door TEXT
) STRICT;
CREATE UNIQUE INDEX one_live_proposal ON proposals (call) WHERE state IN ('open', 'approved');
CREATE INDEX by_purpose ON proposals (purpose, state);
CREATE INDEX by_state ON proposals (state, expires);
CREATE TABLE uses (
    proposal TEXT PRIMARY KEY REFERENCES proposals (id),
    intent BLOB NOT NULL,
    started REAL NOT NULL,
    outcome TEXT NOT NULL DEFAULT '',
    finished REAL NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE plans (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL NOT NULL
) STRICT;
PRAGMA user_version = {_VERSION};
"""


def create(path: Path) -> None:
    """Makes the file, readable by its owner alone, unless it is there.

    It appears whole or not at all, so processes that start together never see half a schema.
    """
    if path.exists():
        return
    with _sentences():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        draft = Path(name)
        try:
            with closing(sqlite3.connect(draft, isolation_level=None)) as made:
                made.execute("PRAGMA journal_mode = WAL")
                made.executescript(_SCHEMA)
            _appear(draft, path)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def transaction(
    path: Path, kind: Literal["read", "write"], busy_seconds: float
) -> Generator[sqlite3.Connection]:
    """One transaction: kept, and on the disk, when the block ends; undone when it raises.

    Raises StoreUnavailable when the file is gone, damaged, full, or locked for too long.
    """
    with _sentences(), closing(_open(path, busy_seconds)) as connection:
        connection.execute("BEGIN IMMEDIATE" if kind == "write" else "BEGIN")
        try:
            yield connection
        except BaseException:
            connection.rollback()
            raise
        connection.commit()


def _open(path: Path, busy_seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", timeout=busy_seconds, isolation_level=None, uri=True
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _check_version(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_version(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != _VERSION:
        raise StoreUnavailable(
            f"The approval store has format {version}, this server needs {_VERSION}. "
            "Nothing that needs approval runs; tell the server's owner."
        )


def _appear(draft: Path, path: Path) -> None:
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _sentences() -> Generator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as failure:
        raise StoreUnavailable(
            f"The approval store cannot be used ({_cause(failure)}). Nothing that needs approval "
            "runs until it is back; reading goes on. Tell the server's owner."
        ) from failure


def _cause(failure: Exception) -> str:
    code = getattr(failure, "sqlite_errorcode", None)
    if code is None:
        return (getattr(failure, "strerror", None) or "damaged").lower()
    causes = {
        sqlite3.SQLITE_BUSY: "locked for too long",
        sqlite3.SQLITE_LOCKED: "locked for too long",
        sqlite3.SQLITE_FULL: "the disk is full",
        sqlite3.SQLITE_IOERR: "the disk fails",
        sqlite3.SQLITE_CANTOPEN: "it is gone",
        sqlite3.SQLITE_READONLY: "it is read-only",
    }
    return causes.get(code & 0xFF, "damaged")
