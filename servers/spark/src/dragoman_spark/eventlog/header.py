"""Who the application is, how it was configured, and whether it said that it ended."""

from dragoman_spark.eventlog import wire
from dragoman_spark.eventlog.facts import Environment
from dragoman_spark.eventlog.handlers import Handler, handler
from dragoman_spark.eventlog.places import Place


class Header:
    """The first application of a log; `foreign` is where another one begins."""

    def __init__(self) -> None:
        self.version = ""
        self.start = wire.ApplicationStart()
        self.started_at: Place | None = None
        self.end = wire.ApplicationEnd()
        self.ended_at: Place | None = None
        self.environment = Environment({})
        self.foreign: Place | None = None

    def handlers(self) -> dict[str, Handler]:
        return {
            "SparkListenerLogStart": handler(wire.LogStart, self._log_start),
            "SparkListenerApplicationStart": handler(wire.ApplicationStart, self._started),
            "SparkListenerApplicationEnd": handler(wire.ApplicationEnd, self._ended),
            "SparkListenerEnvironmentUpdate": handler(wire.EnvironmentUpdate, self._environment),
        }

    def _log_start(self, event: wire.LogStart, _place: Place) -> int | None:
        self.version = self.version or event.version

    def _started(self, event: wire.ApplicationStart, place: Place) -> int | None:
        if self.started_at is None:
            self.start, self.started_at = event, place
        elif (event.id, event.attempt) != (self.start.id, self.start.attempt):
            self.foreign = place
        return event.time

    def _ended(self, event: wire.ApplicationEnd, place: Place) -> int | None:
        self.end, self.ended_at = event, place
        return event.time

    def _environment(self, event: wire.EnvironmentUpdate, place: Place) -> int | None:
        self.environment = Environment(
            properties=event.properties,
            java_version=event.jvm.get("Java Version"),
            scala_version=event.jvm.get("Scala Version"),
            command=event.system.get("sun.java.command"),
            place=place,
        )
