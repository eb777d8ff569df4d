"""Lines as they may be shown: without secrets, each with what finds it again."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dragoman.answer.secret_keys import MARK
from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.logs.exceptions import chain_of_details, clamped, rendered
from dragoman_airflow.logs.layouts import Level
from dragoman_airflow.logs.lines import LogLine

__all__ = ["QuotedLine", "quote", "quote_all", "words_of"]

QUOTE_LIMIT = 2_000
_DETAILS = 12


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line of the log. `number` counts from 1; `sha256` is of the raw line without its end."""

    number: int
    timestamp: str
    level: Level
    logger: Untrusted
    text: Untrusted
    sha256: str


def quote(line: LogLine, limit: int = QUOTE_LIMIT) -> QuotedLine:
    """The line, at most `limit` characters of it; its exception, if any, below."""
    return _quoted(line, _shown(line, limit))


def quote_all(lines: Sequence[LogLine], limit: int = QUOTE_LIMIT) -> tuple[QuotedLine, ...]:
    """Neighbouring lines; what is a secret only over several of them is hidden in each."""
    shown = [_shown(line, limit) for line in lines]
    together = Untrusted("\n".join(line.text for line in lines))
    if all(text in together for text in shown):
        return tuple(_quoted(line, text) for line, text in zip(lines, shown, strict=True))
    known = set(together.split("\n"))
    return tuple(
        _quoted(line, text if _is_known(line, known) else Untrusted(MARK))
        for line, text in zip(lines, shown, strict=True)
    )


def words_of(line: LogLine) -> str:
    """What the line says, with the fields that were logged beside it; secrets included."""
    fields = " ".join(_fields(line))
    return f"{line.text} {fields}" if fields else line.text


def _quoted(line: LogLine, text: Untrusted) -> QuotedLine:
    return QuotedLine(
        line.number,
        Untrusted(line.stamp[:40]),
        line.level,
        clamped(line.logger, 200),
        text,
        line.raw.sha256,
    )


def _shown(line: LogLine, limit: int) -> Untrusted:
    if line.in_secret:
        return Untrusted(MARK)
    said = words_of(line)
    if line.lead and not _stands_alone(line.lead, line.text):
        return Untrusted(MARK)
    if not line.error_detail:
        return clamped(said, limit)
    chain = "\n".join(rendered(chain_of_details(line.error_detail)))
    return clamped(f"{said}\n{chain}", limit)


def _stands_alone(lead: str, text: str) -> bool:
    """Whether the line before makes no secret of this one."""
    together = Untrusted(f"{lead}\n{text}").split("\n")
    return all(own in together for own in Untrusted(text).split("\n"))


def _is_known(line: LogLine, known: set[str]) -> bool:
    return all(own in known for own in Untrusted(line.text).split("\n"))


def _fields(line: LogLine) -> Iterable[str]:
    for key, value in list(line.details.items())[:_DETAILS]:
        said = value if isinstance(value, str) else json.dumps(value, default=str)
        yield f"{key}={said}"
