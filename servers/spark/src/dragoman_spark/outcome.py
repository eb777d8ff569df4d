"""How an application ended, though Spark's own exit code is 0 whatever happened.

Rests on jobs, SQL executions, streaming queries, Connect operations, the end event and what the
driver printed, taken together.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dragoman_spark.eventlog.facts import Application, JobResult
from dragoman_spark.eventlog.places import Place
from dragoman_spark.logs.digest import Digest, LogGroup
from dragoman_spark.logs.endings import (
    last_words,
    manager_status,
    reports_failed_main,
    stopped,
    stopped_by_itself,
    tells_of_death,
)
from dragoman_spark.logs.records import Kind

__all__ = ["Ending", "Failure", "Outcome", "Source", "Sure", "is_server", "judge", "log_order"]

_QUIET_LIMIT_MS = 10 * 60_000
_CLOCK_SKEW_MS = 60_000
_SERVERS = re.compile(
    r"SparkConnectServer|HiveThriftServer2|spark\.repl\.Main|pyspark-shell|livy\.rsc|zeppelin"
)
_CUT_OFF = re.compile(r"SparkContext was shut ?down|Master removed our application")
_NO_QUERY = re.compile(r"^Error(?: in query)?: ")
_SQL_SHELL = "SparkSQLCLIDriver"


class Outcome(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    VANISHED = "vanished"
    MIXED = "mixed"
    RUNNING = "running"


class Sure(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Source(StrEnum):
    JOB = "job"
    SQL = "sql execution"
    QUERY = "streaming query"
    OPERATION = "connect operation"
    PRINTED = "driver output"


@dataclass(frozen=True, slots=True)
class Failure:
    """One unit of work that failed; `time` is None where the log gives none."""

    source: Source
    id: str
    time: int | None
    text: str
    place: Place | None
    group: LogGroup | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """`failures` are those that the outcome rests on, in the order of time; `caught` the others."""

    outcome: Outcome
    sure: Sure
    why: str
    failures: tuple[Failure, ...] = ()
    caught: tuple[Failure, ...] = ()


def judge(
    application: Application | None, driver: Sequence[Digest], now: int, *, has_stdout: bool = True
) -> Ending:
    """The outcome; `now` (milliseconds) tells a running application from a vanished one."""
    if application is None:
        return _from_logs(driver)
    if is_server(application):
        return _server(application, now)
    work = tuple(failures_of(application))
    last = tuple(failure for failure in work if not _work_after(application, failure))
    caught = tuple(failure for failure in work if failure not in last)
    printed = final_failure(driver)
    if printed is not None and (
        _outlived(application, printed) or _went_on(printed, work, last, driver)
    ):
        printed = None
    if printed is not None:
        return Ending(
            Outcome.FAILED,
            Sure.HIGH,
            "the driver ended with an exception",
            (*last, printed),
            caught,
        )
    if stated := _stated(application, driver):
        return Ending(Outcome.FAILED, Sure.HIGH, stated, last, caught)
    if last:
        return _unsettled(application, driver, last, caught, has_stdout=has_stdout)
    return _without_failure(application, driver, now, caught)


def failures_of(application: Application) -> Iterator[Failure]:
    """Failed work in the order of the log; failed jobs of SQL that was fine are none."""
    order = log_order(application)
    found = [*_jobs(application), *_executions(application), *_queries(application)]
    yield from sorted(found, key=lambda failure: order(failure.place))


def log_order(application: Application) -> Callable[[Place | None], tuple[int, int]]:
    """A key that sorts places of the event log; what has no place comes first."""
    files = {name: index for index, name in enumerate(application.files)}

    def key(place: Place | None) -> tuple[int, int]:
        return (files.get(place.file, 0), place.offset) if place else (-1, 0)

    return key


def is_server(application: Application) -> bool:
    """Whether many statements share the application, so that one failure is not its own."""
    connect = any("Connect" in kind for kind in application.events)
    return connect or bool(_SERVERS.search(application.environment.command or ""))


def final_failure(driver: Sequence[Digest]) -> Failure | None:
    """What the driver printed last, if it ended with it."""
    group = last_words(driver)
    if group is None:
        return None
    return Failure(Source.PRINTED, "", group.last_time, group.text, group.last, group)


def _outlived(application: Application, printed: Failure) -> bool:
    """Whether words of a dying process are none: it started Spark, and often lived to end it."""
    group = printed.group
    if group is None or group.kind is not Kind.NATIVE:
        return False
    if _NO_QUERY.match(group.message):
        return _SQL_SHELL not in (application.environment.command or "")
    if group.message.startswith("Fatal Python error: "):
        return False
    return application.ended or not tells_of_death(group)


def _went_on(
    printed: Failure, work: Sequence[Failure], last: Sequence[Failure], driver: Sequence[Digest]
) -> bool:
    """Whether a printed traceback was only reported and the program went on."""
    group = printed.group
    if group is None or group.trailing == 0:
        return False
    said = {failure.text[:120] for failure in work if failure not in last}
    if any(text and text in group.text for text in said):
        return True
    return not last and stopped_by_itself(driver)


def _stated(application: Application, driver: Sequence[Digest]) -> str | None:
    if application.exit_code:
        return f"Spark ended with exit code {application.exit_code}"
    if status := manager_status(driver):
        return f"the cluster manager says {status}"
    if reports_failed_main(driver):
        return "the driver reports that the application's main failed"
    return None


def _unsettled(
    application: Application,
    driver: Sequence[Digest],
    last: tuple[Failure, ...],
    caught: tuple[Failure, ...],
    *,
    has_stdout: bool,
) -> Ending:
    """The last work failed, and nothing printed says that the driver ended with it."""
    python = is_python(application)
    heard = bool(driver) and (has_stdout or not python)
    if application.ended and heard and stopped_by_itself(driver):
        why = "its last work failed, but the driver went on and stopped in an orderly way"
        return Ending(Outcome.SUCCEEDED, Sure.MEDIUM, why, (), (*caught, *last))
    cut_off = any(_CUT_OFF.search(failure.text) for failure in last)
    sure = Sure.LOW if heard and not cut_off else Sure.MEDIUM
    return Ending(Outcome.FAILED, sure, "its last work failed and nothing came after", last, caught)


def _without_failure(
    application: Application, driver: Sequence[Digest], now: int, caught: tuple[Failure, ...]
) -> Ending:
    if application.ended:
        # sys.exit(3) leaves the same logs as a good end: only an explicit stop tells.
        sure = Sure.HIGH if stopped_by_itself(driver) and not caught else Sure.MEDIUM
        why = "it ended and no work failed" if not caught else "it ended after failures it got over"
        return Ending(Outcome.SUCCEEDED, sure, why, (), caught)
    if _is_fresh(application, now):
        return Ending(
            Outcome.RUNNING, Sure.MEDIUM, "its log has no end and grew just now", (), caught
        )
    if stopped(driver):
        why = "the driver stopped in an orderly way; the event log lacks its end"
        return Ending(Outcome.SUCCEEDED, Sure.MEDIUM, why, (), caught)
    return Ending(Outcome.VANISHED, Sure.HIGH, "the log stops without an end", (), caught)


def _server(application: Application, now: int) -> Ending:
    failed = tuple(_operations(application)) or tuple(failures_of(application))
    if failed:
        why = "a server of many statements: some failed, the server did not"
        return Ending(Outcome.MIXED, Sure.HIGH, why, failed)
    return _without_failure(application, (), now, ())


def _from_logs(driver: Sequence[Digest]) -> Ending:
    """The outcome from driver logs alone."""
    printed = final_failure(driver)
    group = printed.group if printed else None
    if group is not None and group.kind is Kind.NATIVE and stopped_by_itself(driver):
        printed = group = None
    only = (printed,) if printed else ()
    if group is not None and group.trailing == 0:
        return Ending(Outcome.FAILED, Sure.HIGH, "the driver ended with an exception", only)
    if only or reports_failed_main(driver):
        return Ending(Outcome.FAILED, Sure.MEDIUM, "the driver reports that its main failed", only)
    if stopped(driver):
        return Ending(Outcome.SUCCEEDED, Sure.MEDIUM, "the driver stopped in an orderly way")
    return Ending(Outcome.VANISHED, Sure.MEDIUM, "the driver's log stops without an end")


def is_python(application: Application) -> bool:
    properties = application.environment.properties
    command = application.environment.command or ""
    return bool(re.search(r"\.py\b|pyspark", command)) or "spark.yarn.primary.py.file" in properties


def _is_fresh(application: Application, now: int) -> bool:
    last = application.last.time if application.last else None
    return last is not None and -_CLOCK_SKEW_MS <= now - last <= _QUIET_LIMIT_MS


def _work_after(application: Application, failure: Failure) -> bool:
    """Whether work that began after the failure went well."""
    order = log_order(application)
    jobs = (
        one.started_at for one in application.jobs.values() if one.result is JobResult.SUCCEEDED
    )
    queries = (one.place for one in application.executions.values() if one.error == "")
    return any(order(place) > order(failure.place) for place in (*jobs, *queries))


def _jobs(application: Application) -> Iterator[Failure]:
    for job in application.jobs.values():
        if job.result is not JobResult.FAILED:
            continue
        execution = application.executions.get(
            job.execution_id if job.execution_id is not None else -1
        )
        if execution is None or execution.error != "":
            yield Failure(Source.JOB, str(job.id), job.ended, job.error or "", job.ended_at)


def _executions(application: Application) -> Iterator[Failure]:
    for one in application.executions.values():
        if one.error:
            yield Failure(Source.SQL, str(one.id), one.ended, one.error, one.ended_at)


def _queries(application: Application) -> Iterator[Failure]:
    for query in application.queries:
        if query.exception:
            yield Failure(Source.QUERY, query.id, None, query.exception, query.terminated_at)


def _operations(application: Application) -> Iterator[Failure]:
    for one in application.operations.values():
        if one.state == "failed":
            yield Failure(Source.OPERATION, one.id, one.failed, one.error or "", one.settled_at)
