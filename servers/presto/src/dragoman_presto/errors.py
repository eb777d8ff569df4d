"""What a caller reads when a statement is not run, or did not end well.

DragomanError
├── NotRun               the gate, the policy or a budget said no; nothing reached the tables
├── StatementFailed      Presto ended it with an error; the text says what would mend it
├── TooMuch              a question of ours whose answer is not short
├── NoSuchTable          hidden, or not there
├── NoSuchQuery          not the caller's, or not known any more
└── PlanUnreadable       (preview) Presto's plan has another shape
"""

from dragoman.errors import BadInput, DragomanError


class NotRun(BadInput):
    """Refused before it ran."""


class StatementFailed(DragomanError):
    """Ended by Presto with an error."""


class TooMuch(DragomanError):
    """An answer that cannot be whole is not used."""


class NoSuchTable(BadInput):
    """Hidden, or not there, which read alike."""


class NoSuchQuery(BadInput):
    """Not the caller's, or not known any more."""
