"""Whose code a stack frame is, by what its path means."""

import re
from dataclasses import dataclass
from enum import StrEnum

from dragoman.answer.untrusted import Untrusted

__all__ = ["Frame", "Origin", "origin_of", "package_of"]

_SITE = re.compile(r"[/\\](?:site-packages|dist-packages)[/\\]([^/\\]+)")
_STDLIB = re.compile(r"[/\\]lib(?:64)?[/\\]python3(?:\.\d+)?[/\\]([^/\\]+)|[/\\]Lib[/\\]([^/\\]+)")
_ZIPPED = re.compile(r"[/\\]python3\d+\.zip[/\\]([^/\\]+)")
_AIRFLOW_SOURCE = re.compile(
    r"[/\\](?:airflow-core|task-sdk|providers[/\\][\w/\\-]+|airflow_shared)[/\\]src[/\\]airflow[/\\]"
)
_INSTALLED_SCRIPT = re.compile(r"[/\\]bin[/\\][\w.\-]+$")


class Origin(StrEnum):
    USER = "user"
    LIBRARY = "library"
    STDLIB = "stdlib"
    AIRFLOW = "airflow"


@dataclass(frozen=True, slots=True)
class Frame:
    """One step of a stack; `line` is 0 where it is not known."""

    file: Untrusted
    line: int
    name: Untrusted
    origin: Origin
    code: Untrusted = Untrusted("")  # noqa: RUF009  immutable

    @property
    def is_user(self) -> bool:
        return self.origin is Origin.USER

    @property
    def package(self) -> str:
        return package_of(self.file)

    @property
    def text(self) -> Untrusted:
        code = f": {self.code}" if self.code else ""
        return Untrusted(f"{self.file}:{self.line} in {self.name}{code}")


def origin_of(path: str) -> Origin:
    """Whether a file is the task's own, or a library's, Python's or Airflow's.

    What is installed into Python is not the task's own; code without a file (`exec`, a notebook
    cell, a virtualenv script) is.
    """
    if found := _SITE.search(path):
        return Origin.AIRFLOW if found[1] == "airflow" else Origin.LIBRARY
    if _STDLIB.search(path) or _ZIPPED.search(path) or path.startswith("<frozen "):
        return Origin.STDLIB
    if _AIRFLOW_SOURCE.search(path):
        return Origin.AIRFLOW
    return Origin.LIBRARY if _INSTALLED_SCRIPT.search(path) else Origin.USER


def package_of(path: str) -> str:
    """The top-level package or module a frame's file belongs to; empty for the task's own."""
    if found := _SITE.search(path):
        return found[1].removesuffix(".py")
    if found := _STDLIB.search(path) or _ZIPPED.search(path):
        return next(group for group in found.groups() if group).removesuffix(".py")
    if path.startswith("<frozen "):
        return path[8:].rstrip(">").split(".")[0]
    return "airflow" if origin_of(path) is Origin.AIRFLOW else ""
