"""Ids of other systems in a log, so that the search goes on where the work was done."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache

from pydantic_core import SchemaValidator, core_schema

from dragoman.answer.handover import Handover
from dragoman_airflow.logs.lines import LogLine
from dragoman_airflow.logs.quoted import words_of

__all__ = ["PROBE", "ExternalId", "Finder", "Kind", "ids_in"]

_LIMIT = 50
_TEXT = 16_000
PROBE = (  # Rust's syntax
    r"application_\d{13}_\d{4}|spark-[0-9a-f]{32}|app-\d{14}-\d{4}|local-\d{13}"
    r"|\d{8}_\d{6}_\d{5}_[a-z0-9]{5}|(?i:\bpod)"
)
_EDGE = r"(?<![\w\-.])"
_KEY = re.compile(r"(?i:id|query|app|application|job)[\"']?=$")
_END = r"(?![\w\-=]|\.\w|/\w*\.\w)"
_YARN = re.compile(rf"{_EDGE}application_(1\d{{12}})_\d{{4,7}}{_END}")
_KUBERNETES_SPARK = re.compile(rf"{_EDGE}spark-[0-9a-f]{{32}}{_END}")
_STANDALONE = re.compile(rf"{_EDGE}app-(\d{{14}})-\d{{4}}{_END}")
_LOCAL = re.compile(rf"{_EDGE}local-(1\d{{12}})(?:\.inprogress)?{_END}")
_QUERY = re.compile(rf"{_EDGE}(\d{{8}}_\d{{6}})_\d{{5}}_([a-z0-9]{{5}}){_END}")
_POD = re.compile(
    r"(?i:\b(?:pods?|pod[_ ]name|pod[_ ]id))(?:\s(?:name|named|called|with\sname))?"
    r"[\s:=\"'`\[]{1,3}((?=[a-z0-9.\-]{3,253}\b)[a-z][a-z0-9]*(?:[.\-][a-z0-9]+)+)(?![\w\-.=/])"
)
_MADE_SUFFIX = re.compile(r"(?=[a-z]*\d)[a-z0-9]{4,10}|[bcdfghjklmnpqrstvwxz2456789]{5,10}|\d{1,4}")
_SPARK_WORDS = re.compile(
    r"(?i:\b(?:spark|sparkcontext|spark-submit|app(?:lication)?[ _]?id)\b|\.inprogress\b|eventlog)"
)
_QUERY_WORDS = re.compile(
    r"(?i:\b(?:presto|trino|starburst|athena|prestodb)\w*|\bquery(?:[ _]?id)?\b|/v1/statement|/ui/)"
)
_STARTED, _ENDED = datetime(2009, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    YARN = "yarn application"
    SPARK = "spark application"
    PRESTO = "presto query"
    POD = "kubernetes pod"


@dataclass(frozen=True, slots=True)
class ExternalId:
    """An id, and the number of the line that has it first."""

    kind: Kind
    id: str
    line: int

    @property
    def handover(self) -> Handover | None:
        """The call that goes on with it; None where no server of ours knows its kind."""
        if self.kind is Kind.PRESTO:
            return Handover(server="presto", tool="get_query", arguments={"query_id": self.id})
        if self.kind is Kind.POD:
            return None
        arguments = {"application_id": self.id}
        return Handover(server="spark", tool="diagnose_application", arguments=arguments)


class Finder:
    """The first 50 ids of a log, each once."""

    def __init__(self) -> None:
        self._found: dict[tuple[Kind, str], ExternalId] = {}
        self._probe = _probe()

    def add(self, line: LogLine) -> None:
        text = words_of(line) if line.details else line.text
        if not self._probe.isinstance_python(text) or line.in_secret:
            return
        for kind, name in ids_in(text):
            if len(self._found) < _LIMIT:
                self._found.setdefault((kind, name), ExternalId(kind, name, line.number))

    def found(self) -> tuple[ExternalId, ...]:
        return tuple(self._found.values())


def ids_in(text: str) -> Iterator[tuple[Kind, str]]:
    """The ids of other systems that a line names; words around decide where the form alone cannot.

    YARN and Spark ids hold a time that must be one; a query id a date and a time that exist.
    """
    text = text[:_TEXT]
    yield from _applications(text)
    yield from _queries(text)
    for found in _POD.finditer(text):
        if _MADE_SUFFIX.fullmatch(re.split(r"[.\-]", found[1])[-1]):
            yield Kind.POD, found[1]


def _applications(text: str) -> Iterator[tuple[Kind, str]]:
    for found in _named(_YARN, text):
        if _is_epoch(found[1]):
            yield Kind.YARN, found[0]
    for found in _named(_KUBERNETES_SPARK, text):
        yield Kind.SPARK, found[0]
    for found in _named(_STANDALONE, text):
        if _is_time(found[1], "%Y%m%d%H%M%S"):
            yield Kind.SPARK, found[0]
    for found in _named(_LOCAL, text):
        if _is_epoch(found[1]) and _SPARK_WORDS.search(text):
            yield Kind.SPARK, found[0].removesuffix(".inprogress")


def _named(form: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """What has the form of an id; as the value of a key only where that is a key of ids."""
    for found in form.finditer(text):
        before = text[max(0, found.start() - 16) : found.start()]
        if not before.endswith("=") or _KEY.search(before):
            yield found


def _queries(text: str) -> Iterator[tuple[Kind, str]]:
    for found in _named(_QUERY, text):
        if not _is_time(found[1], "%Y%m%d_%H%M%S"):
            continue
        word = text[text.rfind(" ", 0, found.start()) + 1 : found.start()]
        in_path = "/" in word and not word.endswith("?")
        is_told = _QUERY_WORDS.search(word if in_path else text)
        if is_told or (not in_path and not found[2].isalpha()):
            yield Kind.PRESTO, found[0]


def _is_epoch(milliseconds: str) -> bool:
    return _STARTED.timestamp() <= int(milliseconds) / 1000 < _ENDED.timestamp()


def _is_time(text: str, form: str) -> bool:
    try:
        return _STARTED <= datetime.strptime(text, form).replace(tzinfo=UTC) < _ENDED
    except ValueError:
        return False


@cache
def _probe() -> SchemaValidator:
    # Rust's regex, which pydantic carries, is linear and ten times as fast as Python's.
    return SchemaValidator(core_schema.str_schema(pattern=PROBE, regex_engine="rust-regex"))
