"""The process's own log, on standard error: one line a record, without secrets."""

import logging
import sys

from dragoman.answer.redact import redact

_FORM = "%(asctime)s %(levelname)s %(name)s %(message)s"


class Redacting(logging.Formatter):
    """Formats as usual, tracebacks included, and hides secrets in the result."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def configure(level: int = logging.WARNING) -> None:
    """Takes the root logger, before any library configures it (the MCP SDK does)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacting(_FORM))
    logging.basicConfig(level=level, handlers=[handler], force=True)
