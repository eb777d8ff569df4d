"""A process log as records: what was logged at WARN or above, what was printed, what ended it."""

import re
from collections.abc import Iterator
from enum import StrEnum

from dragoman_spark.eventlog.places import Place
from dragoman_spark.logs.layouts import Head, Level, read_head, read_json
from dragoman_spark.logs.lines import Line, lines
from dragoman_spark.sources.files import LogFile

__all__ = ["Kind", "Record", "records"]

_BODY_LIMIT = 24_000


class Kind(StrEnum):
    LOGGED = "logged"
    TRACEBACK = "python traceback"
    UNCAUGHT = "uncaught exception"
    NATIVE = "process died"
    PRINTED = "printed words"


class Record:
    """One record with the lines that belong to it.

    `body` holds at most 24 kB of them. `trailing` counts printed lines after a traceback that do
    not look like a part of it; a final traceback has none.
    """

    __slots__ = ("_length", "body", "head", "in_query", "kind", "place", "settled", "trailing")

    def __init__(self, kind: Kind, head: Head, place: Place) -> None:
        self.kind = kind
        self.head = head
        self.place = place
        self.body: list[str] = [head.body] if head.body else []
        self.trailing = 0
        self.settled = False
        self.in_query = False
        self._length = len(head.body)

    @property
    def text(self) -> str:
        return "\n".join([self.head.message, *self.body])

    def add(self, line: str) -> None:
        if self._length < _BODY_LIMIT:
            self.body.append(line)
            self._length += len(line) + 1
        if self.kind is Kind.TRACEBACK:
            self._settle(line)

    def _settle(self, line: str) -> None:
        if not self.settled:
            self.settled = not line.startswith((" ", "\t")) and bool(line.strip())
        elif self.in_query or line.startswith(_QUERY):
            # Spark's SQL errors quote the statement, down to a line of carets.
            self.in_query = not _CARETS.match(line)
        elif line.strip() and not _CONTINUED.match(line):
            self.trailing += 1
        elif _TRACEBACK.match(line):
            self.settled = False


_QUIET = re.compile(rb"^\d\d/\d\d/\d\d \d\d:\d\d:\d\d (?:INFO|DEBUG|TRACE) ")
_QUIET_JSON = re.compile(rb'^\{"ts":"[^"]+","level":"(?:INFO|DEBUG|TRACE)"')
_SIGNALS = (
    b"Successfully stopped SparkContext",
    b"SparkContext is stopping with exitCode",
    b"Invoking stop() from shutdown hook",
    b"Job ",
    b" due to ",
    b" app status",
    b"final status: ",
    b"diagnostics: ",
    b"termination reason",
    b"xit code",
    b"xit status",
    b"xited with",
    b"OOMKilled",
    b"ecommission",
    b"preempt",
    b"Container killed",
)
_TRACEBACK = re.compile(r"^Traceback \(most recent call last\):\s*$")
_UNCAUGHT = re.compile(r'^Exception in thread "')
_NATIVE = re.compile(
    r"^# A fatal error has been detected by the Java Runtime|^Fatal Python error: "
    r"|^(?:java\.lang\.)?OutOfMemoryError|^Terminating due to java\.lang\.OutOfMemoryError"
    r"|^Aborting due to java\.lang\.OutOfMemoryError|^#? ?java\.lang\.OutOfMemoryError"
    r"|^(?:SyntaxError|IndentationError|TabError): "
    r"|^Error: Could not create the Java Virtual Machine|^Unrecognized VM option"
    r"|^(?:Error occurred during initialization of VM|OpenJDK .*insufficient memory)"
    r"|^Error: (?:Failed to load class|Missing application resource|Unrecognized option)"
    r"|^(?:Error in query|Error: )|^(?:.*: )?can't open file |^# There is insufficient memory"
)
_CONTINUED = re.compile(
    r"^[\s:'+|!~^*=\[\](){}#]|^(?:Caused by|Suppressed|JVM stacktrace|Driver stacktrace|SQLSTATE"
    r"|Traceback|During handling|The above|Current |\.\.\.|Identifier|Logical Plan|Message:|at )"
    r"|^(?:[\w$]+\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning)\b"
    r"|^(?:Aggregate|Project|Relation|SubqueryAlias|WriteTo|Join|Filter|Sort)\b"
)
_QUERY = ("== SQL", "== DataFrame")
_CARETS = re.compile(r"^[\s-]*\^+\s*$")
_BELOW = 8
_PYTHON_FRAME = re.compile(r'^\s*(?:File "|\[Previous line)|^\s+\(?most recent')
_UNCAUGHT_CLASS = re.compile(r'^Exception in thread "[^"]*" (?:[\w$]+\.)+[A-Z][\w$]*\s*(?::|$)')
_COMPLETED = (
    (
        re.compile(r"^#? ?(?:java\.lang\.)?OutOfMemoryError"),
        re.compile(r"^\s+at [\w$.<>/@-]+\(|^Dumping heap to |^#"),
    ),
    (
        re.compile(r"^Fatal Python error: "),
        re.compile(r"^Python runtime state: |.*\(most recent call first\)|^<no Python frame>"),
    ),
)
_NESTED = ("Please see the stack trace below.", ":")


def records(file: LogFile) -> Iterator[Record]:
    """Records of WARN and above, printed failures, and the few INFO lines that tell of an end.

    Raises LogUnreadable.
    """
    current: Record | None = None
    quiet = False
    for line in lines(file):
        if _QUIET.match(line.data) or _QUIET_JSON.match(line.data):
            fresh = _signal(line, file.name)
            quiet = fresh is None
        else:
            fresh = _open(line, file.name, current)
            if fresh is None:
                _continue(line, current, quiet)
                continue
            quiet = False
        if current is not None:
            yield _closed(current)
        current = fresh
    if current is not None:
        yield _closed(current)


def _closed(record: Record) -> Record:
    """The record as what it is once all of it is read: a line without the rest is only words."""
    if _is_lone(record):
        record.kind = Kind.PRINTED
    return record


def _is_lone(record: Record) -> bool:
    """Whether a line only looks like a failure: what a failing process prints below is missing."""
    below = [line for line in record.body[:_BELOW] if line.strip()]
    if record.kind is Kind.TRACEBACK:
        return not below or _PYTHON_FRAME.match(below[0]) is None
    if record.kind is Kind.UNCAUGHT:
        return _UNCAUGHT_CLASS.match(record.head.message) is None
    if record.kind is Kind.NATIVE and (needed := _needed(record.head.message)):
        return not any(needed.match(line) for line in below)
    return False


def _needed(message: str) -> re.Pattern[str] | None:
    """What must stand below a line that only a dying process completes."""
    return next((below for head, below in _COMPLETED if head.match(message)), None)


def _continue(line: Line, current: Record | None, quiet: bool) -> None:  # noqa: FBT001 a state
    if current is not None and not quiet:
        current.add(_text(line))


def _signal(line: Line, file: str) -> Record | None:
    if not any(words in line.data for words in _SIGNALS):
        return None
    head = read_json(line.data) if line.data.startswith(b"{") else read_head(_text(line))
    return Record(Kind.LOGGED, head, _place(line, file)) if head else None


def _open(line: Line, file: str, current: Record | None) -> Record | None:
    """The record that a line begins, or None where it continues the current one."""
    text = _text(line)
    if line.data.startswith(b"{") and (head := read_json(line.data)):
        return Record(Kind.LOGGED, head, _place(line, file))
    if text[:1].isspace() or not text:
        return None
    if head := read_head(text):
        return Record(Kind.LOGGED, head, _place(line, file))
    kind = _printed(text)
    if kind is None or (kind is Kind.TRACEBACK and _is_nested(current)):
        return None
    return Record(kind, Head(Level.ERROR, "", text, None), _place(line, file))


def _printed(text: str) -> Kind | None:
    if _TRACEBACK.match(text):
        return Kind.TRACEBACK
    if _UNCAUGHT.match(text):
        return Kind.UNCAUGHT
    return Kind.NATIVE if _NATIVE.match(text) else None


def _is_nested(current: Record | None) -> bool:
    """Whether a traceback that begins now belongs to what is being read."""
    if current is None:
        return False
    said = next((line for line in reversed(current.body) if line.strip()), current.head.message)
    if current.kind is Kind.LOGGED:
        by_python = not current.head.logger[:1].isupper() and not current.body
        return said.rstrip().endswith(_NESTED) or (by_python and current.head.level >= Level.ERROR)
    return said.rstrip().endswith(_NESTED)


def _text(line: Line) -> str:
    return line.data.decode("utf-8", "replace")


def _place(line: Line, file: str) -> Place:
    return Place(file, line.offset, line.number)
