"""How Airflow itself says that a task ended, where there is no exception to read."""

import re
import signal

from dragoman_airflow.logs.causes import Cause, Confidence
from dragoman_airflow.logs.codes import cause_of_exit
from dragoman_airflow.logs.lines import LogLine
from dragoman_airflow.logs.messages import Reading

__all__ = ["ending_of"]

_EXITED = re.compile(
    r"(?:Task exited with return code|Process exited abnormally|Task exited|Task failed due to"
    r" SystemExit\()"
    r"(?:\D{0,3}?(?:(?P<signal>Negsignal\.(?P<name>SIG\w+))|(?P<code>-?\d{1,3})))?"
)
_SAID: tuple[tuple[re.Pattern[str], Cause, Confidence, str], ...] = (
    (
        re.compile(r"\*+ Received SIGSEGV \*+|Segmentation Fault detected"),
        Cause.CRASHED, Confidence.HIGH, "signal SIGSEGV",
    ),
    (
        re.compile(r"Server indicated the task shouldn't be running anymore|Task killed!"),
        Cause.STOPPED_BY_AIRFLOW, Confidence.HIGH, "Airflow told the task to stop",
    ),
    (
        re.compile(r"State of this instance has been externally set to"),
        Cause.STOPPED_BY_AIRFLOW, Confidence.HIGH, "its state was set from outside",
    ),
    (
        re.compile(r"Heartbeat time limit exceeded|Too many failed heartbeats"),
        Cause.STOPPED_BY_AIRFLOW, Confidence.HIGH, "its heartbeats did not reach Airflow",
    ),
    (
        re.compile(r"Received SIGTERM\. Terminating subprocesses|Task received SIGTERM signal"),
        Cause.KILLED, Confidence.MEDIUM, "signal SIGTERM; who sent it is not in the log",
    ),
    (
        re.compile(r"Dag not found during start up|Task not found in Dag during start up"),
        Cause.DAG_CHANGED, Confidence.HIGH, "the worker did not find it in the DAG's file",
    ),
    (
        re.compile(r"Dag Run already exists, marking task as failed"),
        Cause.CONFLICT, Confidence.HIGH, "the run that it was to trigger exists",
    ),
    (
        re.compile(r"DagRun finished with failed state"),
        Cause.EXTERNAL_JOB_FAILED, Confidence.HIGH, "the run that it triggered failed",
    ),
    (
        re.compile(r"Process timed out\b"),
        Cause.TASK_TIMEOUT, Confidence.HIGH, "the process timed out",
    ),
    (
        re.compile(r"Skipping task\.|Marking task as SKIPPED"),
        Cause.SKIPPED, Confidence.HIGH, "it skipped itself",
    ),
)  # fmt: skip


def ending_of(line: LogLine) -> Reading | None:
    """The ending that a line of Airflow's own tells of; None where it tells of none."""
    if not line.is_airflows:
        return None
    if line.text.startswith("Process terminated by signal"):
        return _by_signal(str(line.details.get("signal_name", "")), line.details.get("signal"))
    if found := _EXITED.match(line.text):
        return _by_exit(found, line.details.get("exit_code"))
    for form, cause, confidence, reason in _SAID:
        if form.match(line.text):
            return Reading(cause, confidence, reason)
    return None


def _by_exit(found: re.Match[str], code: object) -> Reading | None:
    if found["signal"]:
        return _by_signal(found["name"], None)
    number = code if isinstance(code, int) else int(found["code"]) if found["code"] else None
    if number is None:
        return Reading(Cause.COMMAND_FAILED, Confidence.HIGH, "the process was made to exit")
    if number == 0:
        return None
    if number < 0:
        return _by_signal("", number)
    return Reading(cause_of_exit(number), Confidence.HIGH, f"the exit code {number}")


def _by_signal(name: str, number: object) -> Reading:
    if not name and isinstance(number, int) and abs(number) in set(signal.Signals):
        name = signal.Signals(abs(number)).name
    if name == "SIGKILL":
        reason = "signal SIGKILL; often for want of memory, which the log cannot prove"
        return Reading(Cause.KILLED, Confidence.MEDIUM, reason)
    crash = name in {"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT"}
    cause = Cause.CRASHED if crash else Cause.KILLED
    return Reading(cause, Confidence.HIGH, f"signal {name or number}")
