"""What the messages of well-known exceptions say, read only where the class gives them form."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from dragoman_airflow.logs.causes import Cause, Confidence
from dragoman_airflow.logs.codes import (
    cause_of_errno,
    cause_of_exit,
    cause_of_sqlstate,
    cause_of_status,
    status_in,
)
from dragoman_airflow.logs.exceptions import Raised
from dragoman_airflow.logs.kinds import DATABASE, HTTP, OS_ERRORS, kind_of

__all__ = ["Reading", "read_message"]

_ERRNO = re.compile(r"(?:^|\(|: )\[Errno (-?\d{1,3})\]")
_EXIT = re.compile(
    r"non-zero exit (?:code|status)[ :]+(-?\d{1,3})\b|\bexit status(?: =|:)? (-?\d{1,3})\b"
    r"|\bError code is: (-?\d{1,3})\b|(?i:\bexit(?:ed with)?(?: return)? code[ =:]+)(-?\d{1,3})\b"
    r"|^(-?\d{1,3})$|'StatusCode': (\d{1,3})\b|SystemExit\((-?\d{1,3})\)"
    r"|died with <Signals\.\w+: (\d{1,2})>"
)
_AWS = re.compile(r"^An error occurred \((?P<code>[\w.]+)\) when calling the \w+ operation")
_DRIVER = re.compile(r"^\((?:[\w.]+\.)?(\w+)\)\s*(.*)", re.DOTALL)
_MYSQL = re.compile(r"^\(?(\d{4}),")
_SQLSTATE = re.compile(r"(?i:sqlstate)[\s:=(\[]{1,2}([0-9A-Z]{5})\b|^\d{5,6} \(([0-9A-Z]{5})\)")
_TEST = re.compile(r"^(?:Test failed\b|(?:The )?following tests have failed)|\btests have failed\b")
_RUNTIME = re.compile(r"^([A-Z_]+): ")
_NO_SUCH_ENTRY = re.compile(r"^(?:The conn_id `|['\"]?Variable \S+ does not exist)")
_DATA_VALUE = re.compile(
    r"^invalid literal for int\(\)|^could not convert string to (?:float|complex)|^time data "
    r"|^unconverted data remains|^Invalid isoformat string|^cannot convert float NaN"
)
_JOB = re.compile(
    r"(?i:\b(?:job|run|query|application|cluster|step|pod|pipeline|execution|batch|dag|task)\b)"
    r".{0,200}?(?i:\b(?:failed|failure|error state|terminal state|cancell?ed)\b)",
    re.DOTALL,
)

_AWS_CODES: dict[Cause, str] = {
    Cause.PERMISSION_DENIED: "AccessDenied|Unauthorized(?:Operation|Access)$|Forbidden",
    Cause.AUTHENTICATION_FAILED: (
        "ExpiredToken|InvalidClientTokenId|SignatureDoesNotMatch|InvalidAccessKeyId"
        "|UnrecognizedClient|AuthFailure|InvalidToken|MissingAuthenticationToken"
    ),
    Cause.RATE_LIMITED: ("Thrott|SlowDown|TooManyRequests|RequestLimitExceeded|ThroughputExceeded"),
    Cause.NOT_FOUND: "NoSuch|NotFound",
    Cause.CONFLICT: "AlreadyExists|Conflict|AlreadyOwned|InUse|ConcurrentModification",
    Cause.SERVICE_ERROR: "InternalError|InternalServer|ServiceUnavailable|InternalFailure",
    Cause.RESOURCE_LIMIT: "LimitExceeded|QuotaExceeded",
}
_MYSQL_CODES: dict[int, Cause] = {
    **dict.fromkeys([1045, 1698, 2059], Cause.AUTHENTICATION_FAILED),
    **dict.fromkeys([1044, 1142, 1143, 1227], Cause.PERMISSION_DENIED),
    **dict.fromkeys([1049, 1054, 1146, 1305], Cause.NOT_FOUND),
    **dict.fromkeys([1205, 1213, 1050, 1007], Cause.CONFLICT),
    **dict.fromkeys([1040, 1203, 1226], Cause.RESOURCE_LIMIT),
    **dict.fromkeys([2002, 2003, 2005, 2006, 2013, 2055], Cause.SERVICE_UNREACHABLE),
    **dict.fromkeys([1048, 1062, 1264, 1265, 1292, 1366, 1406, 1451, 1452], Cause.BAD_DATA),
    **dict.fromkeys([1064, 1149], Cause.CODE_ERROR),
    **dict.fromkeys([1021, 1114, 3675], Cause.OUT_OF_DISK),
    **dict.fromkeys([3024, 1317], Cause.OPERATION_TIMEOUT),
}
_DATABASE_WORDS: dict[Cause, str] = {
    Cause.AUTHENTICATION_FAILED: (
        "(?:password|peer|ident|GSSAPI|certificate) authentication failed|no password supplied"
        '|role "[^"]*" does not exist|Incorrect username or password'
    ),
    Cause.NOT_FOUND: (
        r"^no such (?:table|column|function)|^(?:relation|table|column|schema|database|function)\b"
        r'.{0,200}? does not exist|FATAL:\s+database "[^"]*" does not exist'
        r"|unable to open database file|^ORA-00942"
    ),
    Cause.PERMISSION_DENIED: (
        r"^permission denied for|attempt to write a readonly database|^ORA-01031|pg_hba\.conf"
    ),
    Cause.CONFLICT: (
        r"^database (?:table )?is locked|^deadlock detected|lock timeout|already exists$|^ORA-0006"
    ),
    Cause.RESOURCE_LIMIT: "too many (?:clients|connections)|remaining connection slots",
    Cause.OUT_OF_DISK: "database or disk is full|No space left on device",
    Cause.OPERATION_TIMEOUT: "statement timeout|canceling statement due to",
    Cause.SERVICE_UNREACHABLE: (
        r"could not connect to server|connection to server (?:at|on) .{0,200}? failed"
        r"|could not translate host name|server closed the connection|terminating connection"
        r"|connection (?:timed out|refused|already closed|not open|is closed)|timeout expired"
        r"|SSL SYSCALL error|the database system is (?:starting|shutting)|Lost connection"
    ),
    Cause.CODE_ERROR: "syntax error|^ORA-009",
}
_RUNTIME_CODES: dict[str, Cause] = {
    "VARIABLE_NOT_FOUND": Cause.MISSING_CONFIGURATION,
    "CONNECTION_NOT_FOUND": Cause.MISSING_CONFIGURATION,
    "XCOM_NOT_FOUND": Cause.MISSING_UPSTREAM_RESULT,
    "ASSET_NOT_FOUND": Cause.NOT_FOUND,
    "TASK_STORE_NOT_FOUND": Cause.NOT_FOUND,
    "ASSET_STORE_NOT_FOUND": Cause.NOT_FOUND,
    "DAGRUN_ALREADY_EXISTS": Cause.CONFLICT,
    "PERMISSION_DENIED": Cause.PERMISSION_DENIED,
    "API_SERVER_ERROR": Cause.SERVICE_ERROR,
}


@dataclass(frozen=True, slots=True)
class Reading:
    cause: Cause
    confidence: Confidence
    reason: str


def read_message(raised: Raised) -> Reading | None:
    """What the message of an exception says beyond its class; None where it says nothing more."""
    for read in _READERS:
        if found := read(raised):
            return found
    return None


def _airflow(raised: Raised) -> Reading | None:
    if raised.simple == "AirflowRuntimeError" and (found := _RUNTIME.match(raised.message)):
        cause = _RUNTIME_CODES.get(found[1])
        return _sure(cause, f"Airflow answered {found[1]}")
    if _NO_SUCH_ENTRY.match(raised.message) and raised.simple in {
        "AirflowNotFoundException",
        "KeyError",
    }:
        return _sure(Cause.MISSING_CONFIGURATION, "Airflow has no such Connection or Variable")
    if raised.simple == "KeyError" and raised.package == "os":
        return _sure(Cause.MISSING_CONFIGURATION, "an environment variable is not set")
    return None


def _os_error(raised: Raised) -> Reading | None:
    found = _ERRNO.search(raised.message)
    if found is None or not (raised.simple in OS_ERRORS or "[Errno" in raised.message[:200]):
        return None
    number = int(found[1])
    cause = Cause.SERVICE_UNREACHABLE if number < 0 else cause_of_errno(number)
    return _sure(cause, f"errno {number}")


def _aws(raised: Raised) -> Reading | None:
    found = _AWS.match(raised.message)
    if found is None or found["code"].isdigit():
        return None
    code = found["code"]
    cause = next((c for c, form in _AWS_CODES.items() if re.search(form, code)), None)
    return _sure(cause or Cause.REQUEST_REJECTED, f"the AWS error code {code}")


def _status(raised: Raised) -> Reading | None:
    status = status_in(raised.message)
    cause = cause_of_status(status) if status else None
    if cause is None:
        return None
    known = raised.simple in HTTP or raised.package in {"requests", "httpx", "aiohttp", "google"}
    level = Confidence.HIGH if known or raised.simple == "ClientError" else Confidence.MEDIUM
    return Reading(cause, level, f"the HTTP status {status}")


def _database(raised: Raised) -> Reading | None:
    if raised.simple not in DATABASE:
        return None
    message = str(raised.message)
    if wrapped := _DRIVER.match(message):
        cause = kind_of(wrapped[1], "") if wrapped[1] not in DATABASE else None
        if cause is not None:
            return _sure(cause, f"the driver raised {wrapped[1]}")
        message = wrapped[2]
    if state := _SQLSTATE.search(message):
        return _sure(cause_of_sqlstate(state[1] or state[2]), "the SQLSTATE")
    if number := _MYSQL.match(message):
        return _sure(_MYSQL_CODES.get(int(number[1])), f"the server's error {number[1]}")
    cause = _by_words(message)
    return _sure(cause, "the database's own words")


def _by_words(message: str) -> Cause | None:
    found = (c for c, form in _DATABASE_WORDS.items() if re.search(form, message, re.DOTALL))
    return next(found, None)


def _exit(raised: Raised) -> Reading | None:
    package = raised.package
    ends = raised.simple in {"CalledProcessError", "SystemExit"} or package == "airflow"
    if not ends and raised.simple not in {"AirflowException", "ContainerError"}:
        return None
    found = _EXIT.search(raised.message)
    if found is None:
        return None
    code = int(next(group for group in found.groups() if group))
    code = -code if "died with" in found[0] else code
    if "spark-submit" in raised.message:
        return _sure(Cause.EXTERNAL_JOB_FAILED, f"spark-submit ended with exit code {code}")
    cause = cause_of_exit(code)
    level = Confidence.HIGH if cause is Cause.COMMAND_FAILED else Confidence.MEDIUM
    return Reading(cause, level, f"the exit code {code}")


def _value(raised: Raised) -> Reading | None:
    if raised.simple == "ValueError" and _DATA_VALUE.search(raised.message):
        return Reading(Cause.BAD_DATA, Confidence.MEDIUM, "a value could not be converted")
    return None


def _job(raised: Raised) -> Reading | None:
    of_provider = any("/airflow/providers/" in frame.file for frame in raised.frames[-3:])
    if of_provider and _TEST.search(raised.message):
        return Reading(Cause.FAILED_CHECK, Confidence.HIGH, "a check operator's test failed")
    if of_provider and raised.simple.startswith("Airflow") and _JOB.search(raised.message):
        return Reading(
            Cause.EXTERNAL_JOB_FAILED,
            Confidence.MEDIUM,
            "a provider's operator says its job failed",
        )
    return None


def _sure(cause: Cause | None, reason: str) -> Reading | None:
    return Reading(cause, Confidence.HIGH, reason) if cause else None


_READERS: tuple[Callable[[Raised], Reading | None], ...] = (
    _airflow,
    _os_error,
    _aws,
    _status,
    _database,
    _exit,
    _value,
    _job,
)
