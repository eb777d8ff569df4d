"""A recorded run as tests serve it, and what is known of it."""

from dataclasses import dataclass

from dragoman_spark.eventlog.facts import Application
from dragoman_spark.eventlog.read import read_application
from dragoman_spark.logs.process import ProcessLogs
from dragoman_spark.sources import Found, Sources


@dataclass(frozen=True)
class Truth:
    """What is known of a run; `outcome` of slow runs is succeeded, `cause` only of failed ones."""

    outcome: str
    cause: str | None


@dataclass(frozen=True)
class Run:
    """A served run, by the name the truth knows it under."""

    found: Found
    sources: Sources

    def application(self) -> Application:
        return read_application(self.found.files)

    def logs(self) -> ProcessLogs:
        beside = self.sources.logs(self.found)
        return ProcessLogs(beside.driver, beside.executors)
