"""The lines of a task log, numbered from 1, whichever Airflow and format they come from."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import msgspec

from dragoman_airflow.logs.bodies import LineBody, body_of
from dragoman_airflow.logs.layouts import Level, level_of, read_head, without_colours
from dragoman_airflow.logs.mending import mended
from dragoman_airflow.logs.rawlines import RawLine

__all__ = ["Counts", "LogDecoder", "LogLine"]

TEXT_LIMIT = 32_000
_OWN_KEYS = frozenset(
    {"timestamp", "event", "level", "logger", "error_detail", "filename", "lineno", "loc"}
    | {"ti_id", "dag_id", "run_id", "task_id", "map_index", "try_number", "ti", "pid"}
)
_RUNNERS = frozenset({"", "task", "supervisor", "airflow.task", "airflow.sdk.execution_time"})
_RUNNER_FILE = re.compile(
    r"(?:local_task_job(?:_runner)?|taskinstance|standard_task_runner|base_task_runner|timeout"
    r"|task_command|task_runner|supervisor)\.py:\d+$"
)
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z0-9 ]{0,20}-----")
_KEY_ENDS = re.compile(r"-----END [A-Z0-9 ]{1,60}-----")
_KEY_LINES = 200
_LEADING = ("=", ":", "|", ">", '"', "'", ",", "\\", "KEY-----")
_EMPTY: Mapping[str, Any] = {}
_RAW_LIMIT = 8_192


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, or one record, of a log.

    Internal: `text`, `details` and `error_detail` are as the task wrote them, secrets included.
    `text` holds at most 32,000 characters. `stamp` is as written and may be empty. `in_secret`
    says that the line is inside a key of several lines; `lead` is the line before, where that
    line's end could make a secret of this one.
    """

    number: int
    stamp: str
    level: Level
    logger: str
    text: str
    raw: RawLine
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    error_detail: tuple[Any, ...] = ()
    has_head: bool = True
    in_secret: bool = False
    lead: str = ""

    @property
    def is_printed(self) -> bool:
        """Whether the task's process printed it; its level then says nothing."""
        return self.logger.endswith(("task.stdout", "task.stderr", ".SubprocessHook")) or (
            self.logger.startswith(("logging_mixin.py:", "subprocess.py:"))
        )

    @property
    def is_airflows(self) -> bool:
        """Whether Airflow's own runner wrote it, and not the task through a logger or print."""
        if self.is_printed or not self.has_head:
            return False
        return self.logger in _RUNNERS or _RUNNER_FILE.match(self.logger) is not None

    @property
    def is_error(self) -> bool:
        """Whether something logged it as an error; stderr is no error, whatever Airflow says."""
        grave = self.level in {Level.ERROR, Level.CRITICAL}
        return grave and not self.is_printed

    @property
    def source(self) -> str:
        """Whose line it is; lines without a head are one source."""
        return self.logger if self.has_head else ""


@dataclass(slots=True)
class Counts:
    """What was read: bytes and lines, and how much of them could not be kept or decoded."""

    lines: int = 0
    size: int = 0
    cut_lines: int = 0
    cut_bytes: int = 0
    undecodable: int = 0
    not_json: int = 0
    ended: bool = True


class LogDecoder:
    """Lines out of one response's chunks.

    `first` numbers its first line, so that a page that follows a continuation token goes on.
    """

    def __init__(self, content_type: str, first: int = 1) -> None:
        self.counts = Counts()
        self._body = body_of(content_type)
        self.can_skip = isinstance(self._body, LineBody)
        self._is_json = isinstance(self._body, LineBody) and self._body.is_json
        self._number = first - 1
        self._key_lines = 0
        self._last = ""

    @property
    def continuation_token(self) -> str | None:
        return self._body.continuation_token

    @property
    def next_number(self) -> int:
        return self._number + 1

    @property
    def is_json(self) -> bool:
        return self._is_json

    @property
    def is_between_lines(self) -> bool:
        """Whether whole lines may be skipped now: none is open, nor a key of several lines."""
        return self._body.is_between_lines and not self._key_lines

    def skip(self, block: bytes) -> None:
        """Counts whole lines without reading them."""
        count = block.count(b"\n")
        if self._is_json:
            count -= block.count(b"\n\n") + block.startswith(b"\n")
        self._number += count
        self.counts.lines += count
        self.counts.size += len(block)

    def feed(self, chunk: bytes) -> Iterator[LogLine]:
        self.counts.size += len(chunk)
        for raw in self._body.feed(chunk):
            yield from self._line(raw)

    def end(self) -> Iterator[LogLine]:
        for raw in self._body.end():
            yield from self._line(raw)

    def _line(self, raw: RawLine) -> Iterator[LogLine]:
        if raw.is_json and not raw.data.strip():
            return
        self._number += 1
        counts = self.counts
        counts.lines += 1
        counts.ended = raw.ended
        if raw.is_cut:
            counts.cut_lines += 1
            counts.cut_bytes += raw.size - len(raw.data)
        line = self._record(raw) if raw.is_json else self._plain(raw, _decoded(raw.data, counts))
        yield line if len(raw.data) <= _RAW_LIMIT else replace(line, raw=raw.emptied())

    def _record(self, raw: RawLine) -> LogLine:
        try:
            record: object = msgspec.json.decode(raw.data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            text = _decoded(raw.data, self.counts)
            record = mended(text) if text.lstrip().startswith("{") else text
            self.counts.not_json += not raw.is_cut
        if isinstance(record, str):
            return self._plain(raw, record)
        if not isinstance(record, dict):
            return self._plain(raw, _decoded(raw.data, self.counts))
        return self._structured(raw, cast("dict[str, Any]", record))

    def _structured(self, raw: RawLine, record: dict[str, Any]) -> LogLine:
        event = _text(record.get("event"))
        stamp = _text(record.get("timestamp"))
        level = level_of(_text(record.get("level")))
        if level is Level.NONE and "logger" not in record:
            return self._plain(raw, event, stamp)
        text, in_secret, lead = self._guarded(without_colours(event[: TEXT_LIMIT * 2]))
        detail = record.get("error_detail") or ()
        return LogLine(
            self._number,
            stamp,
            level,
            _text(record.get("logger")),
            text,
            raw,
            _details(record),
            tuple(cast("list[Any]", detail)) if isinstance(detail, list) else (),
            in_secret=in_secret,
            lead=lead,
        )

    def _plain(self, raw: RawLine, text: str, stamp: str = "") -> LogLine:
        text = without_colours(text[: TEXT_LIMIT * 2]).rstrip("\r")
        head = read_head(text)
        said, in_secret, lead = self._guarded(head.text if head else text)
        if head is None:
            return LogLine(
                self._number, stamp, Level.NONE, "", said, raw,
                has_head=False, in_secret=in_secret, lead=lead,
            )  # fmt: skip
        return LogLine(
            self._number, head.stamp or stamp, head.level, head.logger, said, raw,
            in_secret=in_secret, lead=lead,
        )  # fmt: skip

    def _guarded(self, text: str) -> tuple[str, bool, str]:
        """The text within its limit, and what the lines before it make of it."""
        text = text[:TEXT_LIMIT]
        in_secret = self._key_lines > 0
        if in_secret:
            self._key_lines = 0 if _KEY_ENDS.search(text) else self._key_lines - 1
        if "-----BEGIN" in text and _KEY_BEGINS.search(text) and not _KEY_ENDS.search(text):
            self._key_lines = _KEY_LINES
        lead, self._last = self._last, text
        return text, in_secret, lead if lead.rstrip().endswith(_LEADING) else ""


def _decoded(data: bytes, counts: Counts) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        counts.undecodable += 1
        return data.decode("utf-8", "replace")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()


def _details(record: dict[str, Any]) -> Mapping[str, Any]:
    rest = {key: value for key, value in record.items() if key not in _OWN_KEYS}
    return rest or _EMPTY
