"""The logs as one caller may see them: only roots that policy permits, read in worker threads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import anyio
import anyio.to_thread

from dragoman.auth.caller import Caller
from dragoman.auth.policy import Entity
from dragoman.errors import BadInput
from dragoman.tool import Permits
from dragoman_spark.diagnosis import diagnosed
from dragoman_spark.eventlog.facts import Application
from dragoman_spark.eventlog.summaries import Summaries
from dragoman_spark.report import Diagnosis
from dragoman_spark.settings import RootSetting, SparkSettings
from dragoman_spark.sources import Found, Listing, LogRoot, Sources

T = TypeVar("T")


READ = "spark.read"


class ApplicationNotFound(BadInput):
    """No application of that id, or no such attempt of it, in the roots searched."""


class NoEventLog(BadInput):
    """Only process logs of the application are there."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """One application: the attempt the answer is about, and the others there are."""

    chosen: Found
    others: tuple[Found, ...]
    unreachable: tuple[str, ...]


class SparkLogs:
    """Log roots, opened once; `readers` of them are read at the same time."""

    def __init__(self, settings: SparkSettings) -> None:
        self.roots = settings.roots
        self._summaries = Summaries(settings.kept_summaries)
        self._turns = anyio.CapacityLimiter(settings.readers)

    async def open(self, caller: Caller, instance: str, permits: Permits) -> "VisibleLogs":
        """What this caller may read: the roots that policy permits them, by name and tags."""
        del caller, instance
        roots = [
            LogRoot(root.name, root.url) for root in self.roots if permits(READ, _entity(root))
        ]
        return VisibleLogs(Sources(roots), self._summaries, self._turns)

    async def problem(self) -> str:
        """Why no log can be read now, for readiness."""
        if not self.roots:
            return "no log root is configured: set DRAGOMAN_SPARK_ROOTS"
        sources = Sources([LogRoot(root.name, root.url) for root in self.roots])
        gone = await anyio.to_thread.run_sync(sources.out_of_reach, abandon_on_cancel=True)
        return "no log root can be listed" if len(gone) == len(self.roots) else ""


class VisibleLogs:
    """The part of the logs that one caller may read; the rest is neither counted nor named."""

    def __init__(
        self, sources: Sources, summaries: Summaries, turns: anyio.CapacityLimiter
    ) -> None:
        self.sources = sources
        self._summaries = summaries
        self._turns = turns

    @property
    def roots(self) -> tuple[str, ...]:
        return self.sources.names

    async def find(self, text: str | None, limit: int) -> Listing:
        return await self.read(lambda: self.sources.find(limit=limit, text=text))

    async def attempts(
        self, application_id: str, attempt: str | None, root: str | None
    ) -> Attempts:
        """The application by id alone: the latest attempt unless one is named.

        Raises ApplicationNotFound, which names what was searched, the attempts there are, or
        the roots that hold the same id.
        """
        listing = await self.read(lambda: self.sources.find(limit=100, app_id=application_id))
        found = [one for one in listing.found if root in {None, one.root}]
        if not found:
            raise ApplicationNotFound(_not_found(application_id, self.roots, listing))
        homes = sorted({one.root for one in found})
        if len(homes) > 1:
            raise ApplicationNotFound(
                f"{application_id} is in several roots: {', '.join(homes)}. Name one as `root`."
            )
        ordered = sorted(found, key=_attempt_order, reverse=True)
        chosen = next((one for one in ordered if attempt in {None, one.attempt_id}), None)
        if chosen is None:
            known = ", ".join(sorted(one.attempt_id or "none" for one in ordered))
            raise ApplicationNotFound(
                f"{application_id} has no attempt {attempt}; it has: {known}. Name one of them."
            )
        others = tuple(one for one in ordered if one is not chosen)
        return Attempts(chosen, others, listing.unreachable)

    async def application(self, found: Found) -> Application:
        """The facts of its event log. Raises NoEventLog where it left none."""
        if found.logs_only:
            raise NoEventLog(
                f"{found.app_id} has no event log in the roots you may read, so its jobs and stages"
                " are not known. Call diagnose_application: it reads the driver's and executors'"
                " logs."
            )
        return await self.read(lambda: self._summaries.application(found))

    async def diagnose(self, attempts: Attempts) -> Diagnosis:
        """How the chosen attempt ended and why; the others are mentioned."""
        return await self.read(
            lambda: diagnosed(
                attempts.chosen, self.sources, self._summaries, others=attempts.others
            )
        )

    async def read(self, work: Callable[[], T]) -> T:
        """Runs work that reads logs in a thread, in turn with that of other calls."""
        return await anyio.to_thread.run_sync(work, limiter=self._turns, abandon_on_cancel=True)


def _entity(root: RootSetting) -> Entity:
    return Entity("LogRoot", root.name, {"tags": root.tags})


def _attempt_order(found: Found) -> tuple[int, str, int]:
    attempt = found.attempt_id or ""
    return (int(attempt) if attempt.isdigit() else -1, attempt, found.mtime)


def _not_found(application_id: str, roots: Sequence[str], listing: Listing) -> str:
    searched = [name for name in roots if name not in listing.unreachable]
    text = f"No application {application_id} in {', '.join(searched) or 'any root you may read'}."
    if listing.unreachable:
        text += f" Could not be searched now: {', '.join(listing.unreachable)}."
    return f"{text} Call find_applications to see which there are."
