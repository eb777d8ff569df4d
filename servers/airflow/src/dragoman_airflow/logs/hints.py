"""Lines before a failure that says nothing itself, and what they tell."""

import errno
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dragoman_airflow.logs.causes import VAGUE, Cause, Confidence
from dragoman_airflow.logs.codes import cause_of_errno
from dragoman_airflow.logs.exceptions import Raised, clamped
from dragoman_airflow.logs.layouts import Level
from dragoman_airflow.logs.lines import LogLine
from dragoman_airflow.logs.messages import Reading

__all__ = ["Hint", "find_hint"]

_LINES = 3
_ERROR = re.compile(
    r"^(?:[\w./\-]+: )?(?P<name>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Timeout|Failure))"
    r"(?:: (?P<message>.*))?$",
    re.DOTALL,
)
_NO_COMMAND = re.compile(
    r"^[\w./\- ]*: (?:line \d+: )?(?:[\w./\-]+: command not found|not found: [\w./\-]+)$"
)
_KILLED = re.compile(
    r"^(?:[\w./\-]+: )?(?:line \d+: +\d+ )?(?:Killed\b|oom-kill\b|Out of memory: )"
)
_STRONG = re.compile(r"^\W{0,3}(?:ERROR|FATAL|CRITICAL|SEVERE|error|fatal|Error|Fatal)\b\W")
_RUNNER = re.compile(
    r"Command exited with return code|Running command: |Output:$|Tmp dir root location"
    r"|Using bash command|Done\. Returned value was|Exporting env vars|Removed? temp"
)
_STRERROR = {os.strerror(number): number for number in errno.errorcode}
_STRERROR_END = re.compile(
    r"^[^{}]*?: (?P<words>"
    + "|".join(sorted(map(re.escape, _STRERROR), key=len, reverse=True))
    + r")\.?$"
)


@dataclass(frozen=True, slots=True)
class Hint:
    """Up to three lines, the telling one last; `reading` where their form has a meaning."""

    lines: tuple[LogLine, ...]
    reading: Reading | None
    confidence: Confidence

    @property
    def reason(self) -> str:
        return self.reading.reason if self.reading else ""


def find_hint(
    lines: Sequence[LogLine], *, of_error: Callable[[Raised], Reading | None]
) -> Hint | None:
    """The last line with a known form; else the last grave one; else the last of the task's own."""
    own = [line for line in lines if _is_own(line)]
    if not own:
        return None
    for at in range(len(own) - 1, -1, -1):
        reading = _reading(own[at], of_error)
        if reading is not None and reading.cause not in VAGUE:
            return Hint(_upto(own, at), reading, _certainty(own, at))
    grave = [at for at, line in enumerate(own) if _is_grave(line)]
    at = grave[-1] if grave else len(own) - 1
    return Hint(_upto(own, at), None, Confidence.LOW)


def _reading(line: LogLine, of_error: Callable[[Raised], Reading | None]) -> Reading | None:
    text = line.text.strip()[:2_000]
    if found := _ERROR.match(text):
        raised = Raised(clamped(found["name"], 200), clamped(found["message"] or ""))
        return of_error(raised)
    if _NO_COMMAND.match(text):
        return Reading(Cause.MISSING_DEPENDENCY, Confidence.MEDIUM, "a command that is not there")
    if _KILLED.match(text):
        return Reading(Cause.KILLED, Confidence.LOW, "a process that was killed")
    if found := _STRERROR_END.match(text):
        cause = cause_of_errno(_STRERROR[found["words"]])
        return Reading(cause, Confidence.MEDIUM, f"“{found['words']}”") if cause else None
    return None


def _certainty(own: Sequence[LogLine], at: int) -> Confidence:
    """Medium for one of the last lines, low for one that more was said after."""
    return Confidence.MEDIUM if at >= len(own) - _LINES else Confidence.LOW


def _upto(own: Sequence[LogLine], at: int) -> tuple[LogLine, ...]:
    return tuple(own[max(0, at - _LINES + 1) : at + 1])


def _is_grave(line: LogLine) -> bool:
    said = _STRONG.match(line.text) is not None
    return said or (line.level in {Level.WARNING, Level.ERROR, Level.CRITICAL})


def _is_own(line: LogLine) -> bool:
    """Whether the task, or what it runs, said the line, and not Airflow around it."""
    text = line.text.strip()
    if not text or text.startswith(("::group::", "::endgroup::", "***")) or line.in_secret:
        return False
    return not line.is_airflows and _RUNNER.match(text) is None
