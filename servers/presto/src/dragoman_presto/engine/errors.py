"""What a coordinator can do to a query.

DragomanError
├── EngineFailure            the query failed, as Presto says
├── QueryTooSlow             it outlived the time this server gives it; it was stopped
├── QueryForgotten           the coordinator no longer knows it
├── BadHeader                a name that cannot be sent as a header
└── CoordinatorProblem       no usable answer; the body is never passed on
    ├── CoordinatorUnreachable   refused, dropped, timed out, or 502, 503, 504 to the end
    ├── CoordinatorRefused       401 or 403: this server's own credentials
    └── CoordinatorConfused      TLS, redirect, HTML, too large, an address elsewhere
"""

from dragoman.answer.untrusted import fence
from dragoman.errors import BadInput, DragomanError


class EngineFailure(DragomanError):
    """A query that Presto ended with an error; rows read before it are no result.

    `message` is Presto's own text, which may quote data and SQL of users.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        message: str,
        query_id: str,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        place = f" at line {line}, column {column}" if line else ""
        super().__init__(f"Presto: {name} ({kind}){place}, query {query_id}: {fence(message)}")
        self.name = name
        self.kind = kind
        self.message = message
        self.query_id = query_id
        self.line = line
        self.column = column


class QueryTooSlow(DragomanError):
    """The query was stopped because its time was over."""


class QueryForgotten(DragomanError):
    """The coordinator does not know the query, or no longer."""


class BadHeader(BadInput):
    """A user, tag or property that cannot be sent to Presto unchanged."""


class CoordinatorProblem(DragomanError):
    """The coordinator gave no answer that can be used."""


class CoordinatorUnreachable(CoordinatorProblem):
    """It could not be reached, or kept saying that it is away."""


class CoordinatorRefused(CoordinatorProblem):
    """It does not accept this server's own credentials."""


class CoordinatorConfused(CoordinatorProblem):
    """What answered is not a Presto coordinator, or not one to be trusted."""
