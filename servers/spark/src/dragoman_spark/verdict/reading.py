"""What a chain of exceptions says about the cause, read from its root outwards."""

import re
from enum import StrEnum
from typing import NamedTuple

from dragoman_spark.logs.thrown import Frame, Language, Thrown, conditions_of, roots_first
from dragoman_spark.verdict.causes import Cause, Certainty
from dragoman_spark.verdict.conditions import read_condition
from dragoman_spark.verdict.rules import match_rule

__all__ = ["Reason", "Where", "read_reason", "user_frames"]

_OTHERS = re.compile(
    r"^(?:java|javax|jdk|sun|scala|kotlin|com\.sun|org\.apache|io\.netty|py4j|com\.google|org\.codehaus"
    r"|com\.fasterxml|io\.delta|com\.amazonaws|software\.amazon|com\.databricks|org\.postgresql|com\.mysql"
    r"|org\.sparkproject|org\.json4s|com\.esotericsoftware|org\.scalatest|junit|org\.junit)\."
)
_RUNTIME = re.compile(r"^(?:java|javax|jdk|sun|scala|kotlin|com\.sun)\.")
_LIBRARY_FILE = re.compile(
    r"site-packages|dist-packages|/lib/python\d|pyspark\.zip|py4j|<frozen|/python/lib/|/pyspark/"
)
_WRAPPED = re.compile(
    r"^(?:py4j\.|pyspark\.|grpc\.)|^(?:Py4JJavaError|Py4JError|Py4JNetworkError)$"
)
_JVM_MISSING_FILE = frozenset(
    [
        "FileNotFoundException",
        "NoSuchFileException",
        "InvalidInputException",
        "NoSuchBucketException",
        "NoSuchKeyException",
        "PathNotFoundException",
    ]
)
_SHUFFLE_FILE = re.compile(r"blockmgr-|temp_shuffle_|/shuffle_\d|shuffle_\d+_\d+_\d+")


_START = "org.apache.spark.SparkContext.<init>"
"""A path that is missing while the context starts is one that a setting names."""


class Where(StrEnum):
    DRIVER = "driver"
    EXECUTOR = "executor"


class Reason(NamedTuple):
    """`cause` is None where the chain is only a symptom; `thrown` is the link that decided."""

    cause: Cause | None
    certainty: Certainty
    thrown: Thrown | None
    condition: str | None = None


_NOTHING = Reason(None, Certainty.SYMPTOM, None)


def read_reason(chain: tuple[Thrown, ...], where: Where) -> Reason:
    """The cause that the chain names most surely, the deepest link first.

    A fetch failure is a symptom whatever stands below it.
    """
    if any(_is_fetch(thrown) for thrown in chain):
        return _NOTHING
    best = _NOTHING
    for thrown in roots_first(chain):
        reason = _read(thrown, where)
        if reason.certainty >= Certainty.IMPLIED:
            return reason
        best = max(best, reason, key=lambda one: one.certainty)
    return best


def user_frames(chain: tuple[Thrown, ...]) -> tuple[Frame, ...]:
    """The frames of the application's own code, the innermost first; of the root if it has any."""
    for thrown in roots_first(chain):
        frames = [frame for frame in thrown.frames if _is_users(frame, thrown.language)]
        if frames:
            ordered = frames if thrown.language is Language.JVM else list(reversed(frames))
            return tuple(ordered[:5])
    return ()


def _is_fetch(thrown: Thrown) -> bool:
    return "FetchFailed" in thrown.simple or "FetchFailedException" in thrown.message


def _read(thrown: Thrown, where: Where) -> Reason:
    weak = _NOTHING
    for condition in conditions_of(thrown.message):
        reading = read_condition(condition, thrown.sqlstate)
        if reading is not None and reading.certainty >= Certainty.IMPLIED:
            return Reason(reading.cause, reading.certainty, thrown, condition)
        if reading is not None and reading.cause is not None:
            weak = Reason(reading.cause, reading.certainty, thrown, condition)
    rule = match_rule(thrown)
    if rule is not None:
        return Reason(_placed(rule.cause, where), rule.certainty, thrown, thrown.condition)
    return _read_file(thrown, where) or _read_own(thrown) or weak


def _placed(cause: Cause, where: Where) -> Cause:
    on_driver = cause is Cause.EXECUTOR_HEAP_OOM and where is Where.DRIVER
    return Cause.DRIVER_HEAP_OOM if on_driver else cause


def _read_file(thrown: Thrown, where: Where) -> Reason | None:
    python = thrown.simple == "FileNotFoundError" and where is Where.DRIVER
    if thrown.simple not in _JVM_MISSING_FILE and not python:
        return None
    if any(frame.name.startswith(_START) for frame in thrown.frames):
        return Reason(Cause.INVALID_CONFIGURATION, Certainty.IMPLIED, thrown)
    if _SHUFFLE_FILE.search(thrown.message):
        return Reason(Cause.SHUFFLE_DATA_LOST, Certainty.IMPLIED, thrown)
    return Reason(Cause.INPUT_PATH_MISSING, Certainty.IMPLIED, thrown)


def _read_own(thrown: Thrown) -> Reason | None:
    """A failure of the application's own code: a Python error, or JVM frames of its own on top."""
    if not thrown.name:
        return None
    if thrown.language is Language.PYTHON:
        own = not _WRAPPED.match(thrown.name)
        return Reason(Cause.USER_CODE_EXCEPTION, Certainty.STATED, thrown) if own else None
    top = next((frame for frame in thrown.frames if not _RUNTIME.match(_bare(frame))), None)
    if top is not None and _is_users(top, Language.JVM):
        return Reason(Cause.USER_CODE_EXCEPTION, Certainty.IMPLIED, thrown)
    return None


def _is_users(frame: Frame, language: Language) -> bool:
    if language is Language.PYTHON:
        return not _LIBRARY_FILE.search(frame.file)
    name = _bare(frame)
    return not _OTHERS.match(name) and "." in name and "Unknown Source" not in frame.file


def _bare(frame: Frame) -> str:
    return frame.name.rsplit("/", 1)[-1]
