from typing import Any

import pytest
from airflow_log_samples import HEAD, NDJSON, TEXT, cause_in, failed, ndjson, record, stack

from dragoman_airflow.logs.causes import MEANING, Cause, Confidence

SITE = "/venv/lib/python3.11/site-packages"
OWN = ("/opt/airflow/dags/orders.py", "load")
PROVIDER = f"{SITE}/airflow/providers"
OF_CLASS: list[tuple[str, str, tuple[str, str], Cause]] = [
    ("ModuleNotFoundError", "No module named 'acme_geo'", OWN, Cause.MISSING_DEPENDENCY),
    ("KeyError", "'currency'", OWN, Cause.CODE_ERROR),
    ("KeyError", "'API_HOST'", ("<frozen os>", "__getitem__"), Cause.MISSING_CONFIGURATION),
    ("KeyError", "'Variable rates does not exist'", OWN, Cause.MISSING_CONFIGURATION),
    (
        "AirflowNotFoundException",
        "The conn_id `crm` isn't defined",
        OWN,
        Cause.MISSING_CONFIGURATION,
    ),
    ("AirflowRuntimeError", "VARIABLE_NOT_FOUND: {'key': 'x'}", OWN, Cause.MISSING_CONFIGURATION),
    ("AirflowRuntimeError", "XCOM_NOT_FOUND: {}", OWN, Cause.MISSING_UPSTREAM_RESULT),
    ("XComNotFound", "XComArg result from a at b", OWN, Cause.MISSING_UPSTREAM_RESULT),
    ("UndefinedError", "'day' is undefined", (f"{SITE}/jinja2/x.py", "f"), Cause.TEMPLATE_ERROR),
    ("PermissionError", "[Errno 13] Permission denied: '/x'", OWN, Cause.PERMISSION_DENIED),
    ("OSError", "[Errno 28] No space left on device", OWN, Cause.OUT_OF_DISK),
    ("OSError", "[Errno 12] Cannot allocate memory", OWN, Cause.OUT_OF_MEMORY),
    ("MemoryError", "", OWN, Cause.OUT_OF_MEMORY),
    ("FileNotFoundError", "[Errno 2] No such file or directory: 'a'", OWN, Cause.NOT_FOUND),
    ("gaierror", "[Errno -2] Name or service not known", OWN, Cause.SERVICE_UNREACHABLE),
    ("OSError", "[Errno 113] No route to host", OWN, Cause.SERVICE_UNREACHABLE),
    ("ConnectionRefusedError", "[Errno 111] Connection refused", OWN, Cause.SERVICE_UNREACHABLE),
    ("HTTPError", "503 Server Error: Busy for url: http://x/1", OWN, Cause.SERVICE_ERROR),
    ("HTTPError", "429 Client Error: Too Many Requests for url: x", OWN, Cause.RATE_LIMITED),
    ("HTTPError", "401 Client Error: Unauthorized for url: x", OWN, Cause.AUTHENTICATION_FAILED),
    ("HTTPStatusError", "Client error '404 Not Found' for url 'x'", OWN, Cause.NOT_FOUND),
    ("HTTPError", "HTTP Error 403: Forbidden", OWN, Cause.PERMISSION_DENIED),
    ("AirflowException", "422:Unprocessable Entity", OWN, Cause.REQUEST_REJECTED),
    ("ApiException", "(409)\nReason: Conflict", OWN, Cause.CONFLICT),
    (
        "ClientError",
        "An error occurred (AccessDenied) when calling the PutObject operation: no",
        OWN,
        Cause.PERMISSION_DENIED,
    ),
    (
        "ClientError",
        "An error occurred (SlowDown) when calling the GetObject operation: x",
        OWN,
        Cause.RATE_LIMITED,
    ),
    (
        "OperationalError",
        '(psycopg2.OperationalError) FATAL:  password authentication failed for user "etl"',
        OWN,
        Cause.AUTHENTICATION_FAILED,
    ),
    (
        "OperationalError",
        'connection to server at "db" (10.0.0.7), port 5432 failed: Connection refused',
        OWN,
        Cause.SERVICE_UNREACHABLE,
    ),
    (
        "ProgrammingError",
        '(psycopg2.errors.UndefinedTable) relation "orders_v2" does not exist',
        OWN,
        Cause.NOT_FOUND,
    ),
    ("OperationalError", "(sqlite3.OperationalError) no such table: t", OWN, Cause.NOT_FOUND),
    ("OperationalError", "(1205, 'Lock wait timeout exceeded')", OWN, Cause.CONFLICT),
    ("OperationalError", "database is locked", OWN, Cause.CONFLICT),
    ("IntegrityError", '(psycopg2.errors.UniqueViolation) duplicate key "pk"', OWN, Cause.BAD_DATA),
    ("JSONDecodeError", "Expecting value: line 1 column 1 (char 0)", OWN, Cause.BAD_DATA),
    ("ValueError", "could not convert string to float: 'n/a'", OWN, Cause.BAD_DATA),
    ("AssertionError", "no rows for 2026-11-07", OWN, Cause.FAILED_CHECK),
    ("AirflowTaskTimeout", "Timeout, PID: 7", OWN, Cause.TASK_TIMEOUT),
    ("AirflowSensorTimeout", "Sensor has timed out", OWN, Cause.SENSOR_TIMEOUT),
    ("AirflowFailException", "stop", OWN, Cause.EXPLICIT_FAILURE),
    ("BatchRejected", "batch 4 is late", OWN, Cause.EXPLICIT_FAILURE),
    (
        "AirflowException",
        "Bash command failed. The command returned a non-zero exit code 3.",
        (f"{PROVIDER}/standard/operators/bash.py", "execute"),
        Cause.COMMAND_FAILED,
    ),
    (
        "AirflowException",
        "Bash command failed. The command returned a non-zero exit code 127.",
        (f"{PROVIDER}/standard/operators/bash.py", "execute"),
        Cause.MISSING_DEPENDENCY,
    ),
    (
        "CalledProcessError",
        "Command '['x']' died with <Signals.SIGKILL: 9>.",
        ("/usr/lib/python3.11/subprocess.py", "check_call"),
        Cause.KILLED,
    ),
    (
        "AirflowException",
        "Cannot execute: spark-submit --master yarn job.py. Error code is: 1.",
        (f"{PROVIDER}/apache/spark/hooks/spark_submit.py", "submit"),
        Cause.EXTERNAL_JOB_FAILED,
    ),
    (
        "AirflowException",
        "The Databricks run 77 failed with terminal state FAILED",
        (f"{PROVIDER}/databricks/operators/databricks.py", "execute"),
        Cause.EXTERNAL_JOB_FAILED,
    ),
    (
        "AirflowException",
        "Test failed.\nQuery:\nSELECT 1\nResults:\n(0,)",
        (f"{PROVIDER}/common/sql/operators/sql.py", "execute"),
        Cause.FAILED_CHECK,
    ),
    ("TrinoUserError", "TrinoUserError(type=USER_ERROR)", OWN, Cause.EXTERNAL_JOB_FAILED),
    (
        "TimeoutError",
        "timed out",
        ("/usr/lib/python3.11/socket.py", "r"),
        Cause.SERVICE_UNREACHABLE,
    ),
    ("TimeoutExpired", "Command 'x' timed out after 5 seconds", OWN, Cause.OPERATION_TIMEOUT),
]


@pytest.mark.parametrize(("name", "message", "frame", "cause"), OF_CLASS)
def test_the_cause_follows_from_class_code_and_place(
    name: str, message: str, frame: tuple[str, str], cause: Cause
) -> None:
    found = cause_in(failed([stack(name, message, OWN, frame)]))

    assert found.cause is cause
    assert found.says is not None


@pytest.mark.parametrize(
    "message",
    [
        "sensor 403 was read 404 times by user 500",
        "the translated SLA table holds 429 rows",
        "memory of permission denied jokes, timeout: none",
        "order 503 not found in sensor list, killed chickens: 9",
    ],
)
def test_words_and_numbers_of_a_message_decide_nothing(message: str) -> None:
    found = cause_in(failed([stack("BatchRejected", message, OWN)]))

    assert found.cause is Cause.EXPLICIT_FAILURE


def chained(*stacks: tuple[str, str, bool]) -> bytes:
    detail = [stack(name, said, OWN, cause=cause) for name, said, cause in stacks]
    return failed(detail)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (chained(("E", "x", False), ("ConnectionResetError", "", True)), Cause.SERVICE_UNREACHABLE),
        (chained(("E", "x", False), ("OSError", "[Errno 28] x", False)), Cause.OUT_OF_DISK),
        (
            chained(("ConnectionError", "x", False), ("FileNotFoundError", "cache", False)),
            Cause.SERVICE_UNREACHABLE,
        ),
        (chained(("BatchRejected", "row 7", False), ("KeyError", "'c'", True)), Cause.BAD_DATA),
        (chained(("UndefinedError", "x", False), ("KeyError", "'c'", False)), Cause.TEMPLATE_ERROR),
        (chained(("TypeError", "x", False), ("AirflowTaskTimeout", "", False)), Cause.TASK_TIMEOUT),
    ],
)
def test_an_exception_is_explained_by_what_it_was_raised_from(data: bytes, cause: Cause) -> None:
    assert cause_in(data).cause is cause


def test_a_group_is_explained_by_its_members() -> None:
    group = stack("ExceptionGroup", "2 parts", OWN)
    group["exceptions"] = [
        {"stacks": [stack("RuntimeError", "x", OWN)]},
        {"stacks": [stack("OSError", "[Errno 28] full", OWN)]},
    ]

    found = cause_in(failed([group]))

    assert (found.cause, found.confidence) == (Cause.OUT_OF_DISK, Confidence.MEDIUM)


def task(event: str, level: str = "error", **rest: Any) -> str:
    return record(event, level, "task", **rest)


def old(file: str, level: str, said: str) -> bytes:
    return f"{HEAD}{{{file}:12}} {level} - {said}\n".encode()


STATE_SET = "State of this instance has been externally set to failed. Terminating instance."
ENDINGS: list[tuple[bytes, str, Cause]] = [
    (
        ndjson(task("Process terminated by signal.", "critical", signal=-9, signal_name="SIGKILL")),
        NDJSON,
        Cause.KILLED,
    ),
    (
        ndjson(task("Process terminated by signal.", signal=-11, signal_name="SIGSEGV")),
        NDJSON,
        Cause.CRASHED,
    ),
    (ndjson(task("Task exited", exit_code=3)), NDJSON, Cause.COMMAND_FAILED),
    (ndjson(task("Dag not found during start up", dag_id="x")), NDJSON, Cause.DAG_CHANGED),
    (
        ndjson(task("Server indicated the task shouldn't be running anymore. Terminating process")),
        NDJSON,
        Cause.STOPPED_BY_AIRFLOW,
    ),
    (
        ndjson(task("Dag Run already exists, marking task as failed.", dag_id="x")),
        NDJSON,
        Cause.CONFLICT,
    ),
    (ndjson(task("Skipping task.", "info", reason="weekend")), NDJSON, Cause.SKIPPED),
    (
        old("local_task_job_runner.py", "INFO", "Task exited with return code Negsignal.SIGKILL"),
        TEXT,
        Cause.KILLED,
    ),
    (old("local_task_job_runner.py", "WARNING", STATE_SET), TEXT, Cause.STOPPED_BY_AIRFLOW),
    (
        old("taskinstance.py", "ERROR", "Task failed due to SystemExit(4)"),
        TEXT,
        Cause.COMMAND_FAILED,
    ),
]


@pytest.mark.parametrize(("data", "kind", "cause"), ENDINGS)
def test_an_ending_without_an_exception_is_read_from_airflows_own_words(
    data: bytes, kind: str, cause: Cause
) -> None:
    assert cause_in(data, kind).cause is cause


@pytest.mark.parametrize(("data", "kind", "cause"), ENDINGS)
def test_the_same_words_from_the_task_itself_are_no_ending(
    data: bytes, kind: str, cause: Cause
) -> None:
    posed = data.replace(b'"task"', b'"acme"').replace(b"local_task_job_runner.py", b"mine.py")
    found = cause_in(posed.replace(b"taskinstance.py", b"mine.py"), kind)

    assert found.cause is Cause.UNKNOWN
    assert cause is not Cause.UNKNOWN


BARE = [stack("AirflowException", "load failed", OWN)]


@pytest.mark.parametrize(
    ("said", "cause", "confidence"),
    [
        ("cp: cannot create '/data/x': No space left on device", Cause.OUT_OF_DISK, "medium"),
        ("/jobs/run.sh: line 3: psql: command not found", Cause.MISSING_DEPENDENCY, "medium"),
        ("requests.exceptions.ConnectionError: refused", Cause.SERVICE_UNREACHABLE, "medium"),
        ("gateway answered: account is suspended", Cause.EXPLICIT_FAILURE, "low"),
    ],
)
def test_a_cause_that_is_only_in_the_lines_before_is_told_and_quoted(
    said: str, cause: Cause, confidence: str
) -> None:
    found = cause_in(failed(BARE, "session opened", said))

    assert (found.cause, found.confidence) == (cause, confidence)
    assert found.says is not None
    assert said in found.says.text


def test_a_traceback_that_a_command_printed_explains_its_exit_code() -> None:
    lines = [
        "Traceback (most recent call last):",
        '  File "/jobs/load.py", line 3, in load',
        "    open(path)",
        "PermissionError: [Errno 13] Permission denied: '/data/in'",
        "Command exited with return code 1",
    ]
    hook = "airflow.task.hooks.airflow.providers.standard.hooks.subprocess.SubprocessHook"
    frame = (f"{PROVIDER}/standard/operators/bash.py", "execute")
    said = "Bash command failed. The command returned a non-zero exit code 1."
    end = record(
        "Task failed with exception",
        "error",
        "task",
        error_detail=[stack("AirflowException", said, frame)],
    )

    found = cause_in(ndjson(*(record(line, "info", hook) for line in lines), end))

    assert (found.cause, found.confidence) == (Cause.PERMISSION_DENIED, Confidence.MEDIUM)


def test_a_missing_xcom_explains_the_none_that_broke_the_code() -> None:
    warning = record(
        "No XCom value found; defaulting to None.", "warning", "task", key="return_value"
    )
    detail = [stack("TypeError", "'NoneType' object is not subscriptable", OWN)]
    end = record("Task failed with exception", "error", "task", error_detail=detail)

    assert cause_in(ndjson(warning, end)).cause is Cause.MISSING_UPSTREAM_RESULT


@pytest.mark.parametrize("data", [b"", ndjson(record("all good")), ndjson(record("odd", "error"))])
def test_a_log_that_tells_nothing_is_unknown_and_says_so(data: bytes) -> None:
    found = cause_in(data)

    assert (found.cause, found.confidence) == (Cause.UNKNOWN, Confidence.LOW)


def test_every_cause_has_a_meaning() -> None:
    assert set(MEANING) == set(Cause)
