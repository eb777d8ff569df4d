"""Exceptions as Spark's logs write them: JVM stack traces, Python tracebacks, and both mixed."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

__all__ = [
    "Frame",
    "Language",
    "Thrown",
    "condition_of",
    "conditions_of",
    "read_chain",
    "roots_first",
    "sqlstate_of",
]

_MESSAGE_LIMIT = 2_000
_FRAME_LIMIT = 60

_JVM_FRAME = re.compile(r"^\s*at ([\w$.<>/@-]+)\(([^()]*)\)")
_PYTHON_FRAME = re.compile(r'^\s*File "([^"]+)", line (\d+)(?:,? in (.+))?$')
_QUOTES = ("== SQL", "== DataFrame")
_CARETS = re.compile(r"^[\s-]*\^+\s*$")
_MORE = re.compile(r"^\s*\.\.\. \d+ (?:more|common frames omitted)")
_TRACEBACK = "Traceback (most recent call last):"
_LINKS = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_PYTHON_ERROR = re.compile(r"^\s*([A-Za-z_][\w.]*)(?::\s?(.*))?$", re.DOTALL)
_FATAL_PYTHON = "Fatal Python error: "
_JVM_NAME = r"(?:[a-zA-Z_][\w$]*\.)+[A-Z][\w$]*"
_CAUSE = re.compile(
    rf"^\s*(?:: )?(?:Caused by: |Suppressed: )?({_JVM_NAME})(?:: ?(.*))?$", re.DOTALL
)
_HEADER = re.compile(
    rf"(?:^|(?<=[\s:(\[\"]))({_JVM_NAME}(?:Exception|Error|Throwable|Failure|Fault|Interrupt))"
    r"(?=[:\s,;)]|$)(?:: ?(.*))?",
    re.DOTALL,
)
_CONDITION = re.compile(r"\[([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?:\.[A-Z0-9_]+)*|INTERNAL_[A-Z_]+)\]")
_SQLSTATE = re.compile(r"SQLSTATE: ([0-9A-Z]{5})\b")


class Language(StrEnum):
    JVM = "jvm"
    PYTHON = "python"


class Frame(NamedTuple):
    """A stack frame: `name` is `package.Class.method` on the JVM, a function in Python."""

    name: str
    file: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Thrown:
    """One exception of a chain; `name` is empty where only a message is known."""

    language: Language
    name: str
    message: str
    frames: tuple[Frame, ...] = ()

    @property
    def simple(self) -> str:
        return self.name.rsplit(".", 1)[-1].rsplit("$", 1)[-1]

    @property
    def condition(self) -> str | None:
        return condition_of(self.message)

    @property
    def sqlstate(self) -> str | None:
        return sqlstate_of(self.message)

    @property
    def text(self) -> str:
        return (
            f"{self.name}: {self.message}"
            if self.message and self.name
            else self.name or self.message
        )


def condition_of(message: str) -> str | None:
    """The first `[ERROR_CONDITION.SUB]` of a message, as Spark's catalogue writes them."""
    found = _CONDITION.search(message[:_MESSAGE_LIMIT])
    return found.group(1) if found else None


def conditions_of(message: str) -> tuple[str, ...]:
    """Every bracketed condition of a message, in order."""
    return tuple(dict.fromkeys(_CONDITION.findall(message[:_MESSAGE_LIMIT])))


def sqlstate_of(message: str) -> str | None:
    found = _SQLSTATE.search(message)
    return found.group(1) if found else None


def read_chain(text: str) -> tuple[Thrown, ...]:
    """All exceptions of a text, outermost first; a leading bare message comes as a nameless one."""
    reader = _Reader()
    for line in text.splitlines():
        reader.feed(line)
    return reader.end()


def roots_first(chain: tuple[Thrown, ...]) -> tuple[Thrown, ...]:
    """The chain from its root outwards; what the JVM says below a Python error is left out.

    The Python worker's own error is the cause, the broken pipe that the JVM then sees is not.
    """
    jvm_seen = False
    for index, thrown in enumerate(chain):
        if thrown.language is Language.JVM:
            jvm_seen = jvm_seen or bool(thrown.name)
        elif jvm_seen:
            return tuple(reversed(_whole_python(chain, index)))
    return tuple(reversed(chain))


def _whole_python(chain: tuple[Thrown, ...], index: int) -> tuple[Thrown, ...]:
    end = index + 1
    while end < len(chain) and chain[end].language is Language.PYTHON:
        end += 1
    return chain[:end]


class _Draft:
    """An exception whose message and frames are still being read."""

    def __init__(self, language: Language, name: str, message: str) -> None:
        self.language = language
        self.name = name
        self.lines = [message] if message else []
        self.length = len(message)
        self.frames: list[Frame] = []
        self.closed = False

    def say(self, line: str) -> None:
        if not self.closed and self.length < _MESSAGE_LIMIT:
            self.lines.append(line)
            self.length += len(line) + 1

    def step(self, frame: Frame) -> None:
        if len(self.frames) < _FRAME_LIMIT:
            self.frames.append(frame)

    def thrown(self) -> Thrown:
        message = "\n".join(self.lines).strip()[:_MESSAGE_LIMIT]
        return Thrown(self.language, self.name, message, tuple(self.frames))


class _Reader:
    def __init__(self) -> None:
        self.drafts: list[_Draft] = []
        self.frames: list[Frame] = []  # of the traceback being read; its exception comes last
        self.indent: int | None = None
        self.linked_to: int | None = None
        self.quoting = False

    def feed(self, line: str) -> None:
        if self._is_quoted(line):
            return
        if self.indent is not None:
            self._traceback_line(line)
        elif line.rstrip().endswith(_TRACEBACK):
            self._open_traceback(line)
        elif line.strip() in _LINKS:
            self.linked_to = self._last_python()
        else:
            self._plain(line)

    def _is_quoted(self, line: str) -> bool:
        """Whether the line is of a statement that an error quotes: whatever it says is data."""
        if not self.quoting:
            self.quoting = line.startswith(_QUOTES)
            return self.quoting
        if _JVM_FRAME.match(line) or line.startswith("JVM stacktrace"):
            self.quoting = False
            return False
        self.quoting = _CARETS.match(line) is None
        return True

    def end(self) -> tuple[Thrown, ...]:
        return tuple(draft.thrown() for draft in self.drafts)

    def _open_traceback(self, line: str) -> None:
        before = line.rstrip()[: -len(_TRACEBACK)]
        if before.strip():
            self._plain(before.rstrip(" :"))
        self.indent = len(line) - len(line.lstrip()) if not before.strip() else 0
        self.frames = []

    def _traceback_line(self, line: str) -> None:
        if found := _PYTHON_FRAME.match(line):
            self.frames.append(Frame(found.group(3) or "", found.group(1), int(found.group(2))))
            return
        depth = len(line) - len(line.lstrip())
        if not line.strip() or (self.indent is not None and depth > self.indent):
            return
        self.indent = None
        found = _PYTHON_ERROR.match(line)
        if found is None:
            self._plain(line)
            return
        draft = _Draft(Language.PYTHON, found.group(1), found.group(2) or "")
        draft.frames, self.frames = self.frames[-_FRAME_LIMIT:], []
        self._add_python(draft)

    def _add_python(self, draft: _Draft) -> None:
        if self.linked_to is None:
            self.drafts.append(draft)
        else:
            self.drafts.insert(self.linked_to, draft)
            self.linked_to = None

    def _last_python(self) -> int | None:
        indexes = [i for i, d in enumerate(self.drafts) if d.language is Language.PYTHON]
        return indexes[-1] if indexes else None

    def _plain(self, line: str) -> None:
        if found := _JVM_FRAME.match(line):
            self._jvm_frame(found)
        elif _FATAL_PYTHON in line:
            self._fatal(line)
        elif not _MORE.match(line):
            self._header_or_message(line)

    def _jvm_frame(self, found: re.Match[str]) -> None:
        file, _, number = found.group(2).partition(":")
        frame = Frame(found.group(1), file, int(number) if number.isdigit() else None)
        self._name_late()
        for draft in reversed(self.drafts):
            draft.closed = True
            if draft.language is Language.JVM:
                draft.step(frame)
                return

    def _name_late(self) -> None:
        """Frames show that the line before them was an exception, whatever its class is called."""
        last = self.drafts[-1] if self.drafts else None
        if last is None or last.closed or not last.lines or (last.name and len(last.lines) < 2):
            return
        if found := _CAUSE.match(last.lines[-1]):
            last.lines.pop()
            self.drafts.append(_Draft(Language.JVM, found.group(1), found.group(2) or ""))

    def _fatal(self, line: str) -> None:
        before, _, what = line.partition(_FATAL_PYTHON)
        if before.strip():
            self._header_or_message(before)
        self.drafts.append(_Draft(Language.PYTHON, "Fatal Python error", what))

    def _header_or_message(self, line: str) -> None:
        fresh = not self.drafts or self.drafts[-1].closed
        found = _CAUSE.match(line)
        if found and (
            line.lstrip().startswith(("Caused by", "Suppressed", ": "))
            or _HEADER.match(line.strip())
        ):
            self.drafts.append(_Draft(Language.JVM, found.group(1), found.group(2) or ""))
        elif fresh:
            self._open(line)
        else:
            self._continue(line)

    def _open(self, line: str) -> None:
        found = _HEADER.search(line)
        before = line[: found.start(1)].strip() if found else line.strip()
        if before and not self.drafts:
            self.drafts.append(_Draft(Language.JVM, "", before))
        if found:
            self.drafts.append(_Draft(Language.JVM, found.group(1), found.group(2) or ""))

    def _continue(self, line: str) -> None:
        draft = self.drafts[-1]
        if frame := _PYTHON_FRAME.match(line):
            draft.step(Frame(frame.group(3) or "", frame.group(1), int(frame.group(2))))
        else:
            draft.say(line)
