"""A task's log, read from Airflow without blocking and never whole in memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import anyio.to_thread

from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.api import LogStream
from dragoman_airflow.logs.exceptions import Chain, rendered
from dragoman_airflow.logs.external import ExternalId
from dragoman_airflow.logs.facts import Finding, find_cause
from dragoman_airflow.logs.lines import Counts
from dragoman_airflow.logs.quoted import QuotedLine
from dragoman_airflow.logs.reading import Failure, LogDigest, LogReader
from dragoman_airflow.logs.windows import Want, Window, WindowReader

__all__ = ["TaskLog", "read_log", "read_window"]

_STEP = 1 << 20


@dataclass(frozen=True, slots=True)
class TaskLog:
    """What a log says. All text in it is clean of secrets and marked as data."""

    digest: LogDigest
    cause: Finding

    @property
    def lines(self) -> int:
        return self.digest.counts.lines

    @property
    def bytes(self) -> int:
        return self.digest.counts.size

    @property
    def cut(self) -> str:
        """What of the log could not be read as it is; empty where all of it was."""
        return unread(self.digest.counts)

    @property
    def token(self) -> str | None:
        """Asks for what a live task writes next."""
        return self.digest.token

    @property
    def findings(self) -> tuple[QuotedLine, ...]:
        """Lines logged as errors, the first and the last of them."""
        return (*self.digest.first_errors, *self.digest.last_errors)

    @property
    def ending(self) -> Failure | None:
        return self.digest.ending

    @property
    def chain(self) -> Chain:
        """Of the failure that ended the task, root first."""
        return self.ending.chain if self.ending else ()

    @property
    def rendered(self) -> tuple[Untrusted, ...]:
        """The chain as lines, with the task's own frames."""
        return rendered(self.chain)

    @property
    def before(self) -> tuple[QuotedLine, ...]:
        """Up to 20 lines before that failure."""
        return self.ending.before if self.ending else self.digest.tail[-20:]

    @property
    def tail(self) -> tuple[QuotedLine, ...]:
        return self.digest.tail

    @property
    def signature(self) -> str:
        """Equal for equal failures of other tries and mapped instances; empty without one."""
        return self.ending.signature if self.ending else ""

    @property
    def external(self) -> tuple[ExternalId, ...]:
        return self.digest.external

    @property
    def failures(self) -> tuple[Failure, ...]:
        return self.digest.failures


async def read_log(stream: LogStream, first: int = 1) -> TaskLog:
    """The log in one pass; `first` numbers its first line, of a page that goes on.

    Steps of at most 1 MB are read in a worker thread, so that the event loop stays free.
    """
    reader = LogReader(stream.content_type, first)
    async for step in _steps(stream.chunks):
        await anyio.to_thread.run_sync(reader.feed, step)
    return await anyio.to_thread.run_sync(_told, reader)


async def read_window(stream: LogStream, want: Want, first: int = 1) -> Window:
    """The lines wanted, read no further than they need."""
    reader = WindowReader(stream.content_type, want, first)
    async for step in _steps(stream.chunks):
        await anyio.to_thread.run_sync(reader.feed, step)
        if reader.is_done:
            return await anyio.to_thread.run_sync(lambda: reader.end(at_end=False))
    return await anyio.to_thread.run_sync(reader.end)


def unread(counts: Counts) -> str:
    """What of a log could not be read as it is, in words."""
    told: list[str] = []
    _tell(
        told, counts.cut_lines, "{} lines too long to read whole", "a line too long to read whole"
    )
    _tell(told, counts.undecodable, "{} lines not in UTF-8", "a line not in UTF-8")
    _tell(told, counts.not_json, "{} lines not in JSON, read as text", "a line not in JSON")
    return "; ".join(told)


def _tell(told: list[str], count: int, many: str, one: str) -> None:
    if count:
        told.append(one if count == 1 else many.format(count))


def _told(reader: LogReader) -> TaskLog:
    digest = reader.end()
    return TaskLog(digest, find_cause(digest))


async def _steps(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in steps of about 1 MB: small chunks gathered, large ones cut."""
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        while len(held) >= _STEP:
            yield bytes(held[:_STEP])
            del held[:_STEP]
    if held:
        yield bytes(held)
