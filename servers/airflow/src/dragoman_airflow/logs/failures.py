"""Exceptions as they are met in a log, from records and from plain text, and which one counts."""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dragoman_airflow.logs.exceptions import Chain, chain_of_details
from dragoman_airflow.logs.layouts import Level
from dragoman_airflow.logs.lines import LogLine
from dragoman_airflow.logs.tracebacks import Traceback, begins_traceback, read_traceback

__all__ = ["Failing", "Gatherer", "Role"]

_OPEN_LIMIT = 8
_ENDING = re.compile(
    r"Task failed with exception\b|Task failed due to SystemExit\b|Top level error\b"
    r"|Unhandled exception\b|Task exited\b"
)
_BARE = re.compile(
    r"Task failed due to SystemExit\b|Task exited$|Process terminated by signal\b"
    r"|Task exited with return code (?:-|Negsignal|1[3-5]\d)"
    r"|Server indicated the task shouldn't be running|State of this instance has been externally"
    r"|Dag not found during start up|Task not found in Dag during|Dag Run already exists, marking"
    r"|DagRun finished with failed state|\*+ Received SIGSEGV"
)
_AFTER = re.compile(
    r"Failed to execute job \d|[Ee]rror calling listener|Failed to run task callback"
    r"|Failed to send email|Failed when executing \w+ callback|Failed to push an xcom"
    r"|Failed to report terminal task state|Could not determine terminal state"
    r"|Failed to set rendered fields|Failed to upload remote logs"
)


class Role(StrEnum):
    """What an exception in a log is: the one that ended the task, or another."""

    ENDING = "ended the task"
    LOGGED = "logged as an error"
    NOTED = "logged below error"
    PRINTED = "printed by the task's process"
    AFTER = "came after the task had ended"


@dataclass(frozen=True, slots=True)
class Failing:
    """An exception where it was met: the line that tells of it, and the lines before that."""

    line: LogLine
    role: Role
    before: tuple[LogLine, ...]
    told: "Traceback | Sequence[Any]"

    def chain(self) -> Chain:
        """Root first; secrets hidden."""
        if isinstance(self.told, Traceback):
            return self.told.chain()
        if self.told and isinstance(self.told[0], str):
            return read_traceback("\n".join(str(line) for line in self.told))
        return chain_of_details(self.told)


@dataclass(slots=True)
class _Open:
    head: LogLine
    role: Role
    before: tuple[LogLine, ...]
    traceback: Traceback


class Gatherer:
    """Finds exceptions line by line; several sources may write theirs at once."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._head: LogLine | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no traceback is being read."""
        return not self._open

    def add(self, line: LogLine, before: "deque[LogLine]") -> list[Failing]:
        """The exceptions that are whole with this line."""
        if line.error_detail:
            return [Failing(line, role_of(line), tuple(before), line.error_detail)]
        if "\n" in line.text and "Traceback (most" in line.text:
            lines = line.text.splitlines()
            return [Failing(line, role_of(line), tuple(before), lines)]
        if is_bare_ending(line):
            self._head = line
            return [Failing(line, Role.ENDING, tuple(before), ())]
        if line.has_head and not self._open and "Traceback" not in line.text:
            self._head = line
            return []
        return self._plain(line, before)

    def end(self) -> list[Failing]:
        """Those that the log ends in."""
        rest = [_closed(one) for one in self._open.values()]
        self._open.clear()
        return rest

    def _plain(self, line: LogLine, before: "deque[LogLine]") -> list[Failing]:
        done: list[Failing] = []
        source = line.source
        current = self._open.get(source)
        if current is not None and not current.traceback.feed(line.text):
            done.append(_closed(self._open.pop(source)))
            current = None
        if current is None and begins_traceback(line.text):
            done += self._begin(line, before)
        elif line.has_head:
            self._head = line
            own = self._open.get("")
            # A head that follows an unheaded traceback ends its message, unless it broke in.
            if own is not None and own.traceback.is_settled and source != "":
                done.append(_closed(self._open.pop("")))
        return done

    def _begin(self, line: LogLine, before: "deque[LogLine]") -> list[Failing]:
        head = line if line.has_head or self._head is None else self._head
        role = role_of(head)
        crowded: list[Failing] = []
        if len(self._open) >= _OPEN_LIMIT:
            crowded.append(_closed(self._open.pop(next(iter(self._open)))))
        kept = tuple(one for one in before if one.number != head.number)
        self._open[line.source] = _Open(head, role, kept, Traceback(line.text))
        return crowded


def role_of(line: LogLine) -> Role:
    """What an exception below this line is."""
    if _AFTER.match(line.text):
        return Role.AFTER
    if line.is_airflows and _ENDING.match(line.text):
        return Role.ENDING
    if line.is_printed or not line.has_head:
        return Role.PRINTED
    return Role.LOGGED if line.level in {Level.ERROR, Level.CRITICAL} else Role.NOTED


def is_bare_ending(line: LogLine) -> bool:
    """Whether Airflow says in this line alone how the task ended."""
    return line.is_airflows and _BARE.match(line.text) is not None


def _closed(one: _Open) -> Failing:
    return Failing(one.head, one.role, one.before, one.traceback)
