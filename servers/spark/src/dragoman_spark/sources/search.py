"""Finding applications and their logs in all roots."""

import heapq
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dragoman.errors import BadInput
from dragoman_spark.sources.beside import Logs, logs_beside
from dragoman_spark.sources.files import LogFile, LogUnreadable
from dragoman_spark.sources.found import Found, applications, named
from dragoman_spark.sources.processes import Home, ProcessLogFolders, introduced
from dragoman_spark.sources.roots import LogRoot, Root, inside, log_file, open_root
from dragoman_spark.sources.walk import Walk

PEEKS = 500
LOG_PEEKS = 200
NAMES = 2_000


@dataclass(frozen=True, slots=True)
class Listing:
    """Applications, newest first, at most as many as asked for.

    `total` counts all that match; `unreachable` names the roots that could not be listed; `cut`
    says that a root holds more than was looked at.
    """

    found: tuple[Found, ...]
    total: int
    unreachable: tuple[str, ...]
    cut: bool


class Sources:
    """The configured roots; only what lies inside them is ever opened."""

    def __init__(self, roots: Sequence[LogRoot]) -> None:
        self._roots: dict[str, Root] = {root.name: open_root(root) for root in roots}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._roots)

    def find(self, limit: int = 50, app_id: str | None = None, text: str | None = None) -> Listing:
        """Applications by id, or with `text` in name or id, also those that left no event log.

        Nothing is read but first events, and the beginning of driver logs that have none beside
        them. Raises BadInput for a limit below 1.
        """
        if limit < 1:
            raise BadInput("limit must be at least 1.")
        search = _Search(app_id, text)
        logged = (found for root in self._roots.values() for found in search.matches(root))
        newest = heapq.nlargest(
            limit,
            itertools.chain(logged, search.without_events()),
            key=lambda found: (found.mtime, found.app_id, found.attempt_id or ""),
        )
        ready = tuple(found if found.name else _called(found) for found in newest)
        return Listing(ready, search.total, tuple(search.unreachable), search.cut)

    def out_of_reach(self) -> tuple[str, ...]:
        """The roots that cannot be listed now."""
        return tuple(
            name for name, root in self._roots.items() if not (_reaches(root) or _is_there(root))
        )

    def logs(self, found: Found) -> Logs:
        """The driver's and executors' logs of an application; none where they are not beside it."""
        reachable = [root for root in self._roots.values() if _reaches(root)]
        return logs_beside(found, reachable)

    def file(self, name: str) -> LogFile:
        """The file an answer named as `<root>/<path>`; raises LogUnreadable."""
        root_name, _, path = name.partition("/")
        root = self._roots.get(root_name)
        if root is None or not path:
            known = ", ".join(self._roots)
            raise LogUnreadable(f"No log root has that name. Roots are: {known}.")
        entry = root.entry(inside(path))
        if entry.is_folder:
            raise LogUnreadable("That is a folder. Name one of the files an answer cited.")
        return log_file(root, entry)


class _Search:
    def __init__(self, app_id: str | None, text: str | None) -> None:
        self._app_id = app_id
        self._text = text.casefold() if text else None
        self._peeks = itertools.count()
        self._names = itertools.count()
        self._log_peeks = itertools.count()
        self._events: set[Home] = set()
        self._processes = ProcessLogFolders()
        self.total = 0
        self.cut = False
        self.unreachable: list[str] = []

    def matches(self, root: Root) -> Iterator[Found]:
        walk = Walk(root)
        try:
            for folder, entries in walk.folders():
                self._processes.note(root, folder, entries)
                for found in applications(root, folder, entries, self._may_peek):
                    self._events.add(Home(root.name, found.folder, found.app_id))
                    match = self._match(found)
                    if match is not None:
                        self.total += 1
                        yield match
        except OSError:
            self.unreachable.append(root.name)
        self.cut = self.cut or walk.cut

    def without_events(self) -> Iterator[Found]:
        """Runs of which only process logs are there; to be asked after all roots."""
        for found in self._processes.runs(self._events, self._app_id, self._may_read_log):
            match = self._match(found)
            if match is not None:
                self.total += 1
                yield match
        self.cut = self.cut or self._processes.cut

    def _match(self, found: Found) -> Found | None:
        if self._app_id is not None and found.app_id != self._app_id:
            return None
        if self._text is None or self._text in found.app_id.casefold():
            return found
        if not found.name:
            if next(self._names) >= NAMES:
                self.cut = True
                return None
            found = _called(found)
        return found if self._text in (found.name or "").casefold() else None

    def _may_peek(self) -> bool:
        return next(self._peeks) < PEEKS

    def _may_read_log(self) -> bool:
        return next(self._log_peeks) < LOG_PEEKS


def _called(found: Found) -> Found:
    return introduced(found) if found.logs_only else named(found)


def _reaches(root: Root) -> bool:
    try:
        return next(root.entries(""), None) is not None
    except OSError:
        return False


def _is_there(root: Root) -> bool:
    """Whether a root is a folder, though there may be nothing in it."""
    try:
        return root.entry("").is_folder
    except (OSError, LogUnreadable):
        return False
