"""Sessions and operations of a Spark Connect server, from its events."""

from collections.abc import Callable
from dataclasses import replace

from dragoman_spark.eventlog import wire
from dragoman_spark.eventlog.facts import ConnectOperation, ConnectSession
from dragoman_spark.eventlog.handlers import Handler, Texts, handler
from dragoman_spark.eventlog.places import Place

STATEMENT = 2_000
ERROR = 16_000

_CONNECT = "org.apache.spark.sql.connect.service.SparkListenerConnect"


class Connecting:
    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self.sessions: dict[str, ConnectSession] = {}
        self.operations: dict[str, ConnectOperation] = {}

    def handlers(self) -> dict[str, Handler]:
        operation = f"{_CONNECT}Operation"
        return {
            f"{_CONNECT}SessionStarted": handler(wire.SessionEvent, self._session_started),
            f"{_CONNECT}SessionClosed": handler(wire.SessionEvent, self._session_closed),
            f"{operation}Started": handler(wire.OperationEvent, self._started),
            f"{operation}Analyzed": self._step(
                lambda known, event, _: replace(known, analyzed=event.event_time)
            ),
            f"{operation}ReadyForExecution": self._step(lambda known, _event, _place: known),
            f"{operation}Finished": self._step(
                lambda known, event, place: replace(
                    known, finished=event.event_time, settled_at=place
                )
            ),
            f"{operation}Failed": self._step(
                lambda known, event, place: replace(
                    known,
                    failed=event.event_time,
                    settled_at=place,
                    error=self._texts.clip(event.error_message or "", ERROR),
                )
            ),
            f"{operation}Canceled": self._step(
                lambda known, event, place: replace(
                    known, cancelled=event.event_time, settled_at=place
                )
            ),
            f"{operation}Closed": self._step(
                lambda known, event, _: replace(known, closed=event.event_time)
            ),
        }

    def _session_started(self, event: wire.SessionEvent, place: Place) -> int | None:
        self.sessions[event.session_id] = ConnectSession(
            event.session_id, event.user_id, event.event_time, None, place
        )
        return event.event_time

    def _session_closed(self, event: wire.SessionEvent, place: Place) -> int | None:
        unknown = ConnectSession(event.session_id, event.user_id, None, None, place)
        known = self.sessions.get(event.session_id, unknown)
        self.sessions[event.session_id] = replace(known, closed=event.event_time)
        return event.event_time

    def _started(self, event: wire.OperationEvent, place: Place) -> int | None:
        self.operations[event.operation_id] = replace(
            _unknown(event),
            session_id=event.session_id,
            user=event.user_id,
            statement=self._texts.clip(event.statement_text, STATEMENT),
            tags=tuple(event.spark_session_tags),
            started=event.event_time,
            place=place,
        )
        return event.event_time

    def _step(
        self, change: Callable[[ConnectOperation, wire.OperationEvent, Place], ConnectOperation]
    ) -> Handler:
        def note(event: wire.OperationEvent, place: Place) -> int | None:
            known = self.operations.get(event.operation_id) or _unknown(event)
            self.operations[event.operation_id] = change(known, event, place)
            return event.event_time

        return handler(wire.OperationEvent, note)


def _unknown(event: wire.OperationEvent) -> ConnectOperation:
    return ConnectOperation(
        id=event.operation_id,
        session_id=event.session_id,
        user=event.user_id,
        job_tag=event.job_tag,
        statement="",
        tags=(),
        started=None,
        analyzed=None,
        finished=None,
        failed=None,
        cancelled=None,
        closed=None,
        error=None,
        place=None,
        settled_at=None,
    )
