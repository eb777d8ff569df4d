"""SQL executions and streaming queries, from Spark's SQL events."""

from dataclasses import replace
from datetime import datetime

from dragoman_spark.eventlog import wire
from dragoman_spark.eventlog.facts import SqlExecution, StreamingQuery
from dragoman_spark.eventlog.handlers import Handler, Texts, handler
from dragoman_spark.eventlog.places import Place

ERROR = 16_000
DETAILS = 2_000
DESCRIPTION = 500

_UI = "org.apache.spark.sql.execution.ui.SparkListener"
_LISTENER = "org.apache.spark.sql.streaming.StreamingQueryListener$"


class Querying:
    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self.executions: dict[int, SqlExecution] = {}
        self.queries: dict[str, StreamingQuery] = {}

    def handlers(self) -> dict[str, Handler]:
        return {
            f"{_UI}SQLExecutionStart": handler(wire.SqlStart, self._start),
            f"{_UI}SQLAdaptiveExecutionUpdate": handler(wire.SqlPlan, self._plan),
            f"{_UI}SQLExecutionEnd": handler(wire.SqlEnd, self._end),
            f"{_LISTENER}QueryStartedEvent": handler(wire.QueryStarted, self._query_started),
            f"{_LISTENER}QueryProgressEvent": handler(wire.QueryProgress, self._query_progress),
            f"{_LISTENER}QueryTerminatedEvent": handler(wire.QueryTerminated, self._query_ended),
        }

    def _start(self, event: wire.SqlStart, place: Place) -> int | None:
        self.executions[event.execution_id] = SqlExecution(
            id=event.execution_id,
            root_id=event.root_execution_id,
            description=self._texts.clip(event.description, DESCRIPTION),
            details=self._texts.clip(event.details, DETAILS),
            started=event.time,
            ended=None,
            error=None,
            job_ids=(),
            plan_at=place,
            place=place,
            ended_at=None,
        )
        return event.time

    def _plan(self, event: wire.SqlPlan, place: Place) -> int | None:
        known = self.executions.get(event.execution_id)
        if known:
            self.executions[event.execution_id] = replace(known, plan_at=place)
        return None

    def _end(self, event: wire.SqlEnd, place: Place) -> int | None:
        unknown = SqlExecution(
            event.execution_id, None, "", "", None, None, None, (), None, None, None
        )
        error = event.error_message
        self.executions[event.execution_id] = replace(
            self.executions.get(event.execution_id, unknown),
            ended=event.time,
            error=None if error is None else self._texts.clip(error, ERROR),
            ended_at=place,
        )
        return event.time

    def _query_started(self, event: wire.QueryStarted, place: Place) -> int | None:
        started = millis(event.timestamp)
        self.queries[event.run_id] = replace(
            self._query(event.id, event.run_id), name=event.name, started=started, place=place
        )
        return started

    def _query_progress(self, event: wire.QueryProgress, _place: Place) -> int | None:
        progress = event.progress
        time = millis(progress.timestamp)
        self.queries[progress.run_id] = replace(
            self._query(progress.id, progress.run_id),
            last_progress=time,
            last_batch=progress.batch_id,
        )
        return time

    def _query_ended(self, event: wire.QueryTerminated, place: Place) -> int | None:
        trace = event.exception
        self.queries[event.run_id] = replace(
            self._query(event.id, event.run_id),
            terminated=True,
            exception=None if trace is None else self._texts.clip(trace, ERROR),
            error_class=event.error_class_on_exception,
            terminated_at=place,
        )
        return None

    def _query(self, query_id: str, run_id: str) -> StreamingQuery:
        unknown = StreamingQuery(
            query_id, run_id, None, None, None, None, False, None, None, None, None
        )
        return self.queries.get(run_id, unknown)


def millis(timestamp: str | None) -> int | None:
    """Milliseconds since the epoch of an ISO 8601 timestamp; None where it is none."""
    try:
        return round(datetime.fromisoformat(timestamp or "").timestamp() * 1000)
    except ValueError:
        return None
