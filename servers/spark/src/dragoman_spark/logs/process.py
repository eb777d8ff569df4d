"""The logs of an application's processes, read when they are asked for."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from dragoman_spark.logs.digest import Digest, read_log
from dragoman_spark.sources.files import LogFile, LogUnreadable

__all__ = ["ProcessLogs"]

_BUDGET = 64 << 20


class ProcessLogs:
    """Digests of driver and executor logs; each file is read at most once.

    Executor logs are read only for the executors that are asked for, and together at most 64 MB
    of them; `unread` names the files that were left out or could not be read.
    """

    def __init__(
        self,
        driver: Sequence[LogFile] = (),
        executors: Mapping[str, Sequence[LogFile]] | None = None,
    ) -> None:
        self._driver = tuple(driver)
        self._executors = dict(executors or {})
        self._known: dict[str, tuple[Digest, ...]] = {}
        self._left = _BUDGET
        self.unread: list[str] = []

    @property
    def executor_ids(self) -> tuple[str, ...]:
        return tuple(self._executors)

    @property
    def files(self) -> tuple[LogFile, ...]:
        executors = (file for group in self._executors.values() for file in group)
        return (*self._driver, *executors)

    @cached_property
    def driver(self) -> tuple[Digest, ...]:
        """All driver logs, in the order of their names."""
        ordered = sorted(self._driver, key=lambda file: file.name)
        return tuple(digest for file in ordered if (digest := self._read(file)) is not None)

    @property
    def has_stdout(self) -> bool:
        return any("stdout" in digest.file.rsplit("/", 1)[-1] for digest in self.driver)

    def executor(self, executor_id: str) -> tuple[Digest, ...]:
        """The logs of one executor; empty where there are none or they are too large."""
        if executor_id not in self._known:
            files = self._executors.get(executor_id, ())
            self._known[executor_id] = tuple(
                digest for file in files if (digest := self._read_within(file)) is not None
            )
        return self._known[executor_id]

    def _read_within(self, file: LogFile) -> Digest | None:
        if file.size > self._left:
            self.unread.append(file.name)
            return None
        self._left -= file.size
        return self._read(file)

    def _read(self, file: LogFile) -> Digest | None:
        try:
            return read_log(file)
        except LogUnreadable:
            self.unread.append(file.name)
            return None
