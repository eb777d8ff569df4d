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
_HIGH = Confidence.HIGH
_SAID: dict[str, Reading] = {
    r"\*+ Received SIGSEGV \*+|Segmentation Fault detected": Reading(
        Cause.CRASHED, _HIGH, "signal SIGSEGV"
    ),
    r"Server indicated the task shouldn't be running anymore|Task killed!": Reading(
        Cause.STOPPED_BY_AIRFLOW, _HIGH, "Airflow told the task to stop"
    ),
    r"State of this instance has been externally set to": Reading(
        Cause.STOPPED_BY_AIRFLOW, _HIGH, "its state was set from outside"
    ),
    r"Heartbeat time limit exceeded|Too many failed heartbeats": Reading(
        Cause.STOPPED_BY_AIRFLOW, _HIGH, "its heartbeats did not reach Airflow"
    ),
    r"Received SIGTERM\. Terminating subprocesses|Task received SIGTERM signal": Reading(
        Cause.KILLED, Confidence.MEDIUM, "signal SIGTERM; who sent it is not in the log"
    ),
    r"Dag not found during start up|Task not found in Dag during start up": Reading(
        Cause.DAG_CHANGED, _HIGH, "the worker did not find it in the DAG's file"
    ),
    r"Dag Run already exists, marking task as failed": Reading(
        Cause.CONFLICT, _HIGH, "the run that it was to trigger exists"
    ),
    r"DagRun finished with failed state": Reading(
        Cause.EXTERNAL_JOB_FAILED, _HIGH, "the run that it triggered failed"
    ),
    r"Process timed out\b": Reading(Cause.TASK_TIMEOUT, _HIGH, "the process timed out"),
    r"Skipping task\.|Marking task as SKIPPED": Reading(Cause.SKIPPED, _HIGH, "it skipped itself"),
}
"""What a line of Airflow's own begins with, and what it means."""


def ending_of(line: LogLine) -> Reading | None:
    """The ending that a line of Airflow's own tells of; None where it tells of none."""
    if not line.is_airflows:
        return None
    if line.text.startswith("Process terminated by signal"):
        return _by_signal(str(line.details.get("signal_name", "")), line.details.get("signal"))
    if found := _EXITED.match(line.text):
        return _by_exit(found, line.details.get("exit_code"))
    return next((said for form, said in _SAID.items() if re.match(form, line.text)), None)


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
