"""A failure of Presto in words that mend it."""

from dragoman.answer.untrusted import fence
from dragoman.errors import DragomanError
from dragoman_presto.client import Warehouse
from dragoman_presto.engine.errors import EngineFailure
from dragoman_presto.errors import StatementFailed
from dragoman_presto.mistakes.cause import Failure
from dragoman_presto.mistakes.explain import explained
from dragoman_presto.names import VisibleNames

_LONGEST_MESSAGE = 300


async def failed(warehouse: Warehouse, failure: EngineFailure, sql: str) -> StatementFailed:
    """The failure in words that mend it: cause, Presto's own sentence, one change."""
    said = Failure(
        failure.name, failure.kind, failure.message, failure.line or 0, failure.column or 0
    )
    try:
        mistake = await explained(said, sql, VisibleNames(warehouse))
        advice, cause = mistake.advice, mistake.cause.value
    except DragomanError:
        advice, cause = "", "other"
    quoted = _short(failure.message)
    query = f", query {failure.query_id}" if failure.query_id else ""
    text = f"{cause} ({failure.name}{query}): {fence(quoted)}"
    return StatementFailed(f"{text} {advice}".strip())


def _short(message: str) -> str:
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}…"
