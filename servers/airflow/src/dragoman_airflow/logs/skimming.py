"""Passes over the blocks of a log in which nothing is told, at the speed of a search."""

from collections import deque
from collections.abc import Callable
from functools import cache

from pydantic_core import SchemaValidator, core_schema

from dragoman_airflow.logs.external import PROBE
from dragoman_airflow.logs.lines import LogDecoder, LogLine

__all__ = ["Skimmer", "is_telling"]

_BLOCK = 1 << 16
_LONGEST = 1 << 18
_PENDING = 1 << 22
_TELLING = (  # Rust's syntax
    r"Traceback|error_detail|PRIVATE KEY|\x1b|::(?:end)?group::"
    r'|"level": ?"[^dDiI"]'
    r"|\b(?:WARN|WARNING|ERROR|CRITICAL|FATAL|EXCEPTION)\b|\[(?:warning|error|critical)"
    r"|Task exited|Process (?:exited|terminated|timed)|externally set|SIG[A-Z]{3,5}"
    r"|Skipping task|as SKIPPED|up_for_retry"
)


class Skimmer:
    """Gives `take` the lines of every block that is not `is_dull`, and the last lines before it.

    `is_dull` is asked with a block of whole lines, about 64 kB, and the number of its first line.
    A response that is not cut into lines is read whole.
    """

    def __init__(
        self,
        decoder: LogDecoder,
        take: Callable[[LogLine], None],
        is_dull: Callable[[bytes, int], bool],
        keep: int,
    ) -> None:
        self._decoder = decoder
        self._take = take
        self._is_dull = is_dull
        self._keep = keep
        self._held = b""
        self._pending: deque[tuple[bytes, int]] = deque()
        self._lines = 0
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes."""
        if not self._decoder.can_skip:
            self._read(chunk)
            return
        data, at = self._held + chunk, 0
        while (end := _block_end(data, at)) > at:
            self._block(data[at:end])
            at = end
        self._held = data[at:]
        if len(self._held) > _LONGEST:
            self._replay()
            self._read(self._held)
            self._held = b""

    def end(self) -> None:
        self._replay()
        self._read(self._held)
        for line in self._decoder.end():
            self._take(line)

    def _block(self, block: bytes) -> None:
        number = self._decoder.next_number + self._lines
        if not self._decoder.is_between_lines or not self._is_dull(block, number):
            self._replay()
            self._read(block)
            return
        self._pending.append((block, block.count(b"\n")))
        self._lines += self._pending[-1][1]
        self._size += len(block)
        while len(self._pending) > 1 and (self._has_enough() or self._size > _PENDING):
            self._drop()

    def _has_enough(self) -> bool:
        """Whether the lines to be kept are there without the oldest block."""
        return self._lines - self._pending[0][1] > self._keep

    def _drop(self) -> None:
        block, lines = self._pending.popleft()
        self._decoder.skip(block)
        self._lines -= lines
        self._size -= len(block)

    def _replay(self) -> None:
        """Reads the last lines of what was passed over; the lines before them are only counted."""
        while self._pending:
            block, lines = self._pending[0]
            spare = min(lines, self._lines - self._keep - 1)
            at = 0
            for _ in range(spare):
                at = block.find(b"\n", at) + 1
            self._decoder.skip(block[:at])
            self._pending.popleft()
            self._lines -= lines
            self._size -= len(block)
            self._read(block[at:])

    def _read(self, data: bytes) -> None:
        for line in self._decoder.feed(data):
            self._take(line)


def is_telling(block: bytes, *, is_json: bool) -> bool:
    """Whether a block could hold anything but ordinary lines that are what they should be."""
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return True
    if is_json and block.count(b"}\n") != block.count(b"\n"):
        return True
    return _probe().isinstance_python(text)


def _block_end(data: bytes, at: int) -> int:
    """Where a block that begins at `at` ends: after a line; at `at` where no line is whole."""
    if len(data) - at > _BLOCK and (end := data.rfind(b"\n", at, at + _BLOCK)) >= 0:
        return end + 1
    if len(data) - at > _BLOCK:
        return data.find(b"\n", at) + 1
    return data.rfind(b"\n", at) + 1


@cache
def _probe() -> SchemaValidator:
    # Rust's regex, which pydantic carries, is linear and ten times as fast as Python's.
    pattern = f"{_TELLING}|{PROBE}"
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
