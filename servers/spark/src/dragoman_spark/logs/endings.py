"""How a driver's logs say that it ended: its last words, its stop, its cluster manager's status."""

import re
from collections.abc import Sequence

from dragoman_spark.logs.digest import Digest, LogGroup
from dragoman_spark.logs.records import Kind

__all__ = [
    "is_start_failure",
    "last_words",
    "manager_status",
    "reports_failed_main",
    "stopped",
    "stopped_by_itself",
    "tells_of_death",
]

_CONTEXT = frozenset({"SparkContext", ""})  # some layouts leave the logger out
_STOPPING = "SparkContext is stopping with exitCode"
_HOOK = "Invoking stop() from shutdown hook"
_STOPPED = "Successfully stopped SparkContext"
_MANAGERS = frozenset({"ApplicationMaster", "Client"})
_STATUS = re.compile(r"(?:Final app|final) status: (FAILED|KILLED|SUCCEEDED)")
_MAIN = re.compile(r'^Exception in thread "(?:main|Driver)"')
_DEATH = re.compile(
    r"^#|^(?:Terminating due to |Aborting due to )?(?:java\.lang\.)?OutOfMemoryError"
)
_STARTED = re.compile(rf"{_DEATH.pattern}|^Fatal Python error: |^Error in query: ")
_GATEWAY_GONE = re.compile(
    r"Py4JNetworkError|Answer from Java side is empty|(?:java_gateway|clientserver)\.py"
    r"[\s\S]{0,400}(?:ConnectionRefusedError|ConnectionResetError)"
)
_LAUNCH_FAILED = re.compile(
    r"User class threw exception|User application exited with status|Failed in \[|Error in query"
    r"|Error initializing SparkContext|Uncaught exception in main"
)


def last_words(driver: Sequence[Digest]) -> LogGroup | None:
    """The traceback or uncaught exception that the driver printed last, if it ended it."""
    found = [group for digest in driver for group in digest.printed if _ends_driver(group)]
    return max(found, key=lambda one: (one.kind is Kind.TRACEBACK, one.last.line), default=None)


def tells_of_death(group: LogGroup) -> bool:
    """Whether the JVM says that it dies."""
    return group.kind is Kind.NATIVE and _DEATH.match(group.message) is not None


def is_start_failure(group: LogGroup) -> bool:
    """Whether these are words of a program that could not even start."""
    return group.kind is Kind.NATIVE and _STARTED.match(group.message) is None


def manager_status(driver: Sequence[Digest]) -> str | None:
    """What the cluster manager calls the end, if it is no good one: FAILED or KILLED."""
    said = (
        found.group(1)
        for digest in driver
        for signal in digest.signals
        if signal.logger in _MANAGERS and (found := _STATUS.search(signal.message))
    )
    return next((status for status in said if status != "SUCCEEDED"), None)


def reports_failed_main(driver: Sequence[Digest]) -> bool:
    """Whether Spark's launcher says that the application's main failed."""
    return any(
        group.kind is Kind.LOGGED and not group.is_data and _LAUNCH_FAILED.search(group.message)
        for digest in driver
        for group in digest.groups
    )


def stopped(driver: Sequence[Digest]) -> bool:
    """Whether the context was stopped, by whomever."""
    return any(
        signal.logger in _CONTEXT and signal.message.startswith(_STOPPED)
        for digest in driver
        for signal in digest.signals
    )


def stopped_by_itself(driver: Sequence[Digest]) -> bool:
    """Whether the program stopped its context, rather than leaving that to the JVM's end."""
    for digest in driver:
        for signal in digest.signals:
            if signal.logger in _CONTEXT and signal.message.startswith((_STOPPING, _HOOK)):
                return signal.message.startswith(_STOPPING)
    return False


def _ends_driver(group: LogGroup) -> bool:
    """A traceback that only tells of the JVM's death is none: the JVM's end is the question."""
    if _GATEWAY_GONE.search(group.text):
        return False
    return group.kind in {Kind.TRACEBACK, Kind.NATIVE} or bool(_MAIN.match(group.message))
