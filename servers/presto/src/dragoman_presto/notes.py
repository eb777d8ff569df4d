"""What owners say of their tables, and statements they vouch for, from one reviewed file."""

import tomllib
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dragoman.errors import DragomanError


class NotesUnreadable(DragomanError):
    """The file of notes is not what it should be; its owner has to mend it."""


class TableNote(BaseModel):
    """Owner and meaning of one table; `tier` 1 is the one to use first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    owner: str = ""
    tier: int = Field(default=2, ge=1, le=3)
    note: str = ""


class QueryNote(BaseModel):
    """A question and the statement that answers it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    sql: str
    owner: str = ""
    tables: tuple[str, ...] = ()


class Notes(BaseModel):
    """`[[tables]]` and `[[queries]]` of a TOML file; empty without one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tables: tuple[TableNote, ...] = ()
    queries: tuple[QueryNote, ...] = ()

    @classmethod
    def read(cls, file: Path | None) -> Self:
        """Raises NotesUnreadable, which says where."""
        if file is None:
            return cls()
        try:
            return cls.model_validate(tomllib.loads(file.read_text("utf-8")))
        except (OSError, ValueError, ValidationError) as wrong:
            kind = type(wrong).__name__
            raise NotesUnreadable(
                f"The notes of tables cannot be read ({kind}); tell the owner of this server."
            ) from wrong

    def of(self, table: str) -> TableNote | None:
        return next((note for note in self.tables if note.name == table), None)
