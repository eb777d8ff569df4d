"""A log file as it was seen: its name inside its root, its size, and how to open it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from anyio import NoEventLoopError, from_thread

from dragoman.errors import BadInput


class Source(Protocol):
    """The little that is asked of an open binary file."""

    def read(self, size: int, /) -> bytes: ...

    def seek(self, offset: int, /) -> int: ...

    def close(self) -> None: ...


class LogUnreadable(BadInput):
    """The file is gone, outside its root, or may not be read."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of a root; `name` is `<root>/<path>` and is what evidence cites.

    `mtime` is milliseconds since the epoch. `open` raises LogUnreadable.
    """

    name: str
    size: int
    mtime: int
    open: Callable[[], Source] = field(compare=False, repr=False)


class Bounded:
    """The first `size` bytes of a source: a log that grows meanwhile ends where it was seen to."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self._left = size
        self.shrank = False
        self.grew = False

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end. Raises LogUnreadable when the store fails."""
        wanted = min(size, self._left)
        try:
            if wanted <= 0:
                self.grew = bool(self._source.read(1))
                return b""
            data = self._source.read(wanted)
        except OSError as error:
            raise LogUnreadable("The log could not be read to its end; ask again.") from error
        self.shrank = not data
        self._left = self._left - len(data) if data else 0
        return data

    def close(self) -> None:
        self._source.close()


def stop_if_given_up() -> None:
    """Raises the cancellation of the call that this worker thread reads for, once there is one.

    The thread itself goes on when its call is cancelled; outside of a call nothing happens.
    """
    with suppress(NoEventLoopError):
        from_thread.check_cancelled()
