"""What numbers mean: errno, HTTP status, exit codes, signals, SQLSTATE."""

import errno
import re
import signal

from dragoman_airflow.logs.causes import Cause

__all__ = ["cause_of_errno", "cause_of_exit", "cause_of_sqlstate", "cause_of_status", "status_in"]

_ERRNO: dict[int, Cause] = {
    **dict.fromkeys([errno.EPERM, errno.EACCES, errno.EROFS], Cause.PERMISSION_DENIED),
    **dict.fromkeys([errno.ENOENT, errno.ENOTDIR], Cause.NOT_FOUND),
    **dict.fromkeys([errno.ENOSPC, errno.EDQUOT], Cause.OUT_OF_DISK),
    errno.ENOMEM: Cause.OUT_OF_MEMORY,
    **dict.fromkeys([errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOLCK], Cause.RESOURCE_LIMIT),
    **dict.fromkeys(
        [
            errno.ECONNREFUSED,
            errno.ECONNRESET,
            errno.ECONNABORTED,
            errno.EPIPE,
            errno.EHOSTUNREACH,
            errno.ENETUNREACH,
            errno.EHOSTDOWN,
            errno.ENETDOWN,
            errno.ENOTCONN,
            errno.ETIMEDOUT,
            errno.ESTALE,
        ],
        Cause.SERVICE_UNREACHABLE,
    ),
    **dict.fromkeys([errno.EADDRINUSE, errno.EEXIST, errno.EBUSY], Cause.CONFLICT),
    errno.EIO: Cause.SERVICE_ERROR,
    errno.ENOEXEC: Cause.MISSING_DEPENDENCY,
}
_STATUS: dict[int, Cause] = {
    **dict.fromkeys([401, 407], Cause.AUTHENTICATION_FAILED),
    **dict.fromkeys([403, 451], Cause.PERMISSION_DENIED),
    **dict.fromkeys([404, 410], Cause.NOT_FOUND),
    408: Cause.OPERATION_TIMEOUT,
    **dict.fromkeys([409, 412, 423], Cause.CONFLICT),
    429: Cause.RATE_LIMITED,
    507: Cause.OUT_OF_DISK,
}
_STATUS_PHRASES = (
    re.compile(r"^(\d{3}) (?:Client|Server) Error\b"),
    re.compile(r"^(?:Client|Server|Redirect) error '(\d{3}) "),
    re.compile(r"^HTTP Error (\d{3}):"),
    re.compile(r"^<HttpError (\d{3}) "),
    re.compile(r"^\((\d{3})\)\s+Reason: "),
    re.compile(r"^(\d{3})(?:, message=|:[A-Z]| (?:GET|POST|PUT|PATCH|DELETE|HEAD) https?://)"),
    re.compile(r"(?i)\bHTTP(?:/\d(?:\.\d)?)?(?: status)?(?: code)?(?:: ?| |=)(\d{3})\b"),
    re.compile(r"(?i)\bstatus[ _]?code[\"']?(?: was| is|:|=| )\s?(\d{3})\b"),
    re.compile(r"\bOperation returned an invalid status '?(\d{3})\b"),
    re.compile(r"^An error occurred \((\d{3})\) when calling "),
)
_SQLSTATE: dict[str, Cause] = {
    "08": Cause.SERVICE_UNREACHABLE,
    "22": Cause.BAD_DATA,
    "23": Cause.BAD_DATA,
    "28": Cause.AUTHENTICATION_FAILED,
    "40": Cause.CONFLICT,
    "42": Cause.CODE_ERROR,
    "53": Cause.RESOURCE_LIMIT,
    "57": Cause.SERVICE_UNREACHABLE,
    "58": Cause.SERVICE_ERROR,
    "3D000": Cause.NOT_FOUND,
    "3F000": Cause.NOT_FOUND,
    "42P01": Cause.NOT_FOUND,
    "42703": Cause.NOT_FOUND,
    "42883": Cause.NOT_FOUND,
    "42S02": Cause.NOT_FOUND,
    "42501": Cause.PERMISSION_DENIED,
    "42P07": Cause.CONFLICT,
    "42710": Cause.CONFLICT,
    "53100": Cause.OUT_OF_DISK,
    "53200": Cause.OUT_OF_MEMORY,
    "55P03": Cause.CONFLICT,
    "57014": Cause.OPERATION_TIMEOUT,
}
_CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT}
_NOT_RUNNABLE, _NO_COMMAND, _BY_SIGNAL = 126, 127, 128


def cause_of_errno(number: int) -> Cause | None:
    return _ERRNO.get(number)


def cause_of_status(status: int) -> Cause | None:
    """What an HTTP status means for the caller; None for a status that is no failure."""
    if status in _STATUS:
        return _STATUS[status]
    if 400 <= status < 500:
        return Cause.REQUEST_REJECTED
    return Cause.SERVICE_ERROR if 500 <= status < 600 else None


def status_in(message: str) -> int | None:
    """The HTTP status that a message states in so many words; a bare number is none."""
    for phrase in _STATUS_PHRASES:
        if found := phrase.search(message):
            return int(found[1])
    return None


def cause_of_exit(code: int) -> Cause:
    """What an exit code says: a shell's own, or a signal as -9 or as 137."""
    number = -code if code < 0 else code - _BY_SIGNAL
    if code == _NO_COMMAND:
        return Cause.MISSING_DEPENDENCY
    if code == _NOT_RUNNABLE:
        return Cause.PERMISSION_DENIED
    if number in _CRASHES:
        return Cause.CRASHED
    return Cause.KILLED if number in set(signal.Signals) else Cause.COMMAND_FAILED


def cause_of_sqlstate(state: str) -> Cause | None:
    return _SQLSTATE.get(state) or _SQLSTATE.get(state[:2])
