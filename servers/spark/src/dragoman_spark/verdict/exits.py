"""What an executor's or container's exit code and loss reason mean."""

import re
from typing import NamedTuple

from dragoman_spark.verdict.causes import Cause, Certainty

__all__ = ["Loss", "exit_code_of", "read_loss"]


class Loss(NamedTuple):
    """`cause` is None for an ordinary end; `says` names the rule in a few words."""

    cause: Cause | None
    certainty: Certainty
    says: str


_ORDINARY = re.compile(
    (
        "Shutdown hooks cannot be modified|Worker shutting down|killed by "
        r"driver|Command exited with code 0\b|idle timeout|dynamic allocation"
        r"|exit(?:ed)?(?: with)?(?: exit)? (?:code|status):? 0\b"
    ),
    re.IGNORECASE,
)
_TEXTS: tuple[tuple[str, Cause, str], ...] = (
    (
        (
            r"exceeding (?:physical |virtual )?memory limits|OOMKilled|memory cgroup out of memory"
            r"|of (?:physical|virtual) memory used|low on resource: memory"
        ),
        Cause.CONTAINER_MEMORY_EXCEEDED,
        "container over its memory limit",
    ),
    (
        r"low on resource: ephemeral-storage|No space left|DiskPressure",
        Cause.DISK_FULL,
        "disk full",
    ),
    (
        r"heartbeat timed out|no recent heartbeats",
        Cause.EXECUTOR_HEARTBEAT_TIMEOUT,
        "no heartbeat in time",
    ),
    (
        (
            r"decommission|preempt|Evicted|evict|\bspot\b|node (?:was )?(?:lost|shutdown)"
            r"|lost\W+node"
            r"|deleted by a user or the framework|container released on|host is drain"
        ),
        Cause.EXECUTOR_DECOMMISSIONED_OR_PREEMPTED,
        "executor taken away",
    ),
    (r"OutOfMemoryError|Java heap space", Cause.EXECUTOR_HEAP_OOM, "JVM out of memory"),
)
_TEXT_RULES = tuple((re.compile(text, re.IGNORECASE), cause, says) for text, cause, says in _TEXTS)
_CODES: dict[int, Loss] = {
    52: Loss(Cause.EXECUTOR_HEAP_OOM, Certainty.STATED, "exit 52: JVM out of memory"),
    53: Loss(Cause.DISK_FULL, Certainty.IMPLIED, "exit 53: no local directory could be made"),
    56: Loss(
        Cause.EXECUTOR_HEARTBEAT_TIMEOUT,
        Certainty.STATED,
        "exit 56: heartbeats to the driver failed",
    ),
    137: Loss(Cause.EXECUTOR_KILLED_BY_OS, Certainty.STATED, "exit 137: SIGKILL from outside"),
    143: Loss(
        Cause.EXECUTOR_DECOMMISSIONED_OR_PREEMPTED,
        Certainty.IMPLIED,
        "exit 143: SIGTERM from outside",
    ),
    **{
        code: Loss(
            Cause.EXECUTOR_JVM_CRASHED, Certainty.STATED, f"exit {code}: crash in native code"
        )
        for code in (132, 134, 135, 136, 139)
    },
}
_EXIT = re.compile(
    r"exit(?:ed)?(?: with)?(?: exit)?[ -]?(?:code|status)(?: is)?:?\s*(-?\d+)", re.IGNORECASE
)
_FIRST_SIGNAL = 128
_SPARKS_OWN = frozenset({1, *range(50, 60), 101, 126, 127})
_UNSTATED = Loss(Cause.EXECUTOR_LOST, Certainty.SYMPTOM, "executor lost, reason not stated")


def exit_code_of(text: str) -> int | None:
    found = _EXIT.search(text)
    return int(found.group(1) or found.group(2)) if found else None


def read_loss(reason: str, exit_code: int | None = None) -> Loss:
    """What a loss reason says: its words first, then its exit code.

    Source: ExecutorExitCode and SparkExitCode of Spark; codes above 128 are signals.
    """
    code = exit_code if exit_code is not None else exit_code_of(reason)
    if _ORDINARY.search(reason):
        return Loss(None, Certainty.STATED, "ordinary end")
    if code == 52:
        return _CODES[52]
    for pattern, cause, says in _TEXT_RULES:
        if pattern.search(reason):
            return Loss(cause, Certainty.STATED, says)
    if code is None:
        return _UNSTATED
    if 0 < code < _FIRST_SIGNAL and code not in _SPARKS_OWN:
        says = f"exit {code}: a code that neither Spark nor a signal gives"
        return Loss(Cause.EXECUTOR_EXIT_BY_USER_CODE, Certainty.IMPLIED, says)
    return _CODES.get(code, _UNSTATED)
