"""The closed list of causes that a task's log can show."""

from enum import StrEnum

__all__ = ["MEANING", "VAGUE", "Cause", "Confidence"]


class Confidence(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Cause(StrEnum):
    """Why a task failed, as far as its log tells; MEANING says each in a sentence."""

    CODE_ERROR = "code_error"
    BAD_DATA = "bad_data"
    FAILED_CHECK = "failed_check"
    EXPLICIT_FAILURE = "explicit_failure"
    MISSING_DEPENDENCY = "missing_dependency"
    MISSING_CONFIGURATION = "missing_configuration"
    INVALID_PARAMETER = "invalid_parameter"
    TEMPLATE_ERROR = "template_error"
    MISSING_UPSTREAM_RESULT = "missing_upstream_result"
    DAG_CHANGED = "dag_changed"
    PERMISSION_DENIED = "permission_denied"
    AUTHENTICATION_FAILED = "authentication_failed"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    REQUEST_REJECTED = "request_rejected"
    RATE_LIMITED = "rate_limited"
    SERVICE_UNREACHABLE = "service_unreachable"
    SERVICE_ERROR = "service_error"
    OPERATION_TIMEOUT = "operation_timeout"
    TASK_TIMEOUT = "task_timeout"
    SENSOR_TIMEOUT = "sensor_timeout"
    OUT_OF_DISK = "out_of_disk"
    OUT_OF_MEMORY = "out_of_memory"
    RESOURCE_LIMIT = "resource_limit"
    COMMAND_FAILED = "command_failed"
    CRASHED = "crashed"
    KILLED = "killed"
    STOPPED_BY_AIRFLOW = "stopped_by_airflow"
    EXTERNAL_JOB_FAILED = "external_job_failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


MEANING: dict[Cause, str] = {
    Cause.CODE_ERROR: "the task's code is wrong, or wrong for what it was given",
    Cause.BAD_DATA: "data could not be read, converted or stored as it is",
    Cause.FAILED_CHECK: "a check that the task makes itself did not hold",
    Cause.EXPLICIT_FAILURE: "the task's code chose to fail; its message is all the log tells",
    Cause.MISSING_DEPENDENCY: "a module, program or library is not installed where it ran",
    Cause.MISSING_CONFIGURATION: "a Variable, Connection, pool or environment variable is missing",
    Cause.INVALID_PARAMETER: "a parameter of the run or of the operator is not allowed",
    Cause.TEMPLATE_ERROR: "a Jinja template could not be rendered",
    Cause.MISSING_UPSTREAM_RESULT: "an upstream task left no result (XCom) that this one needs",
    Cause.DAG_CHANGED: "the worker did not find the DAG or task it was to run",
    Cause.PERMISSION_DENIED: "it is known who asks, and that is not allowed",
    Cause.AUTHENTICATION_FAILED: "credentials are missing, wrong or expired",
    Cause.NOT_FOUND: "a file, table, object or address does not exist",
    Cause.CONFLICT: "what it wanted to make exists already, or another holds it",
    Cause.REQUEST_REJECTED: "a service refused the request as wrong",
    Cause.RATE_LIMITED: "a service took no more requests for now",
    Cause.SERVICE_UNREACHABLE: "a service could not be reached, or the connection broke",
    Cause.SERVICE_ERROR: "a service answered that it failed itself",
    Cause.OPERATION_TIMEOUT: "something the task waited for did not end in time",
    Cause.TASK_TIMEOUT: "the task ran longer than its execution_timeout",
    Cause.SENSOR_TIMEOUT: "what a sensor waited for did not come in time",
    Cause.OUT_OF_DISK: "no space was left on a disk or in a quota",
    Cause.OUT_OF_MEMORY: "memory ran out",
    Cause.RESOURCE_LIMIT: "a limit of processes, files or connections was reached",
    Cause.COMMAND_FAILED: "a command or the task's process ended with an exit code",
    Cause.CRASHED: "the process crashed in native code",
    Cause.KILLED: "the process was ended by a signal from outside",
    Cause.STOPPED_BY_AIRFLOW: "Airflow ended the task: it was set to another state, or taken over",
    Cause.EXTERNAL_JOB_FAILED: "a job in another system failed; its own log holds the cause",
    Cause.SKIPPED: "the task skipped itself; nothing failed",
    Cause.UNKNOWN: "the log holds no cause",
}

VAGUE = frozenset(
    {
        Cause.CODE_ERROR,
        Cause.EXPLICIT_FAILURE,
        Cause.COMMAND_FAILED,
        Cause.UNKNOWN,
    }
)
"""Causes that another one, found beside them, makes plain."""
