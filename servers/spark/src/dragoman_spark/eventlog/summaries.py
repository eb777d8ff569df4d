"""Facts of finished applications, kept: their logs do not change any more."""

import threading
from collections import OrderedDict
from typing import TypeAlias

from dragoman_spark.eventlog.facts import Application
from dragoman_spark.eventlog.read import read_application
from dragoman_spark.sources.files import LogFile
from dragoman_spark.sources.found import Found

_Key: TypeAlias = tuple[LogFile, ...]


class Summaries:
    """The last `limit` finished applications, known by path, size and time of their files."""

    def __init__(self, limit: int = 32) -> None:
        self._limit = limit
        self._kept: OrderedDict[_Key, Application] = OrderedDict()
        self._lock = threading.Lock()

    def application(self, found: Found) -> Application:
        """The facts, read at most once while the files stay as they are.

        Raises what `read_application` raises. Safe to call from several threads.
        """
        with self._lock:
            known = self._kept.get(found.files)
            if known is not None:
                self._kept.move_to_end(found.files)
                return known
        facts = read_application(found.files)
        if facts.ended and not facts.in_progress and not facts.damage:
            self._keep(found.files, facts)
        return facts

    def _keep(self, key: _Key, facts: Application) -> None:
        with self._lock:
            self._kept[key] = facts
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
