"""The second opinion: a query as sqlglot's Presto dialect reads it, by an allow-list of nodes."""

import logging
from enum import Enum
from functools import cache

from sqlglot import exp
from sqlglot.dialects.presto import Presto
from sqlglot.errors import SqlglotError

_ROOTS = (exp.Query, exp.Values)

# Conditions are what values are made of, queries what rows come from; the rest holds them together.
_ALLOWED = (
    *(exp.Query, exp.Condition, exp.Values),
    *(exp.Alias, exp.Aliases, exp.AtTimeZone, exp.CTE, exp.ColumnDef, exp.Cube, exp.DataType),
    *(exp.DataTypeParam, exp.Distinct, exp.Fetch, exp.Filter, exp.From, exp.Group),
    *(exp.GroupingSets, exp.Having, exp.Identifier, exp.IgnoreNulls, exp.Interval),
    *(exp.IntervalSpan, exp.JSONPath, exp.JSONPathPart, exp.Join, exp.Lambda, exp.Lateral),
    *(
        exp.Limit,
        exp.LimitOptions,
        exp.Offset,
        exp.Order,
        exp.Ordered,
        exp.RespectNulls,
        exp.Rollup,
        exp.Star,
    ),
    *(exp.Table, exp.TableAlias, exp.TableSample, exp.Tuple, exp.Var, exp.Version, exp.Where),
    *(exp.WindowSpec, exp.With, exp.WithinGroup),
)


class Opinion(Enum):
    READS = "reads"
    UNREADABLE = "unreadable"
    OBJECTS = "objects"


def opinion_of(query: str) -> Opinion:
    """What the tree says. Raises RecursionError where the query is nested too deeply."""
    try:
        trees = _presto().parse(query)
    # A parser of another's grammar stumbles over odd text in its own ways; none is an answer.
    except (SqlglotError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        return Opinion.UNREADABLE
    if len(trees) != 1 or not isinstance(trees[0], _ROOTS):
        return Opinion.OBJECTS
    return Opinion.READS if all(map(_harmless, trees[0].walk())) else Opinion.OBJECTS


def _harmless(node: exp.Expr) -> bool:
    if not _allowed(type(node)):
        return False
    if isinstance(node, exp.Table):
        return isinstance(node.this, exp.Identifier) and node.catalog.lower() != "system"
    return True


@cache
def _allowed(kind: type[exp.Expr]) -> bool:
    return issubclass(kind, _ALLOWED)


@cache
def _presto() -> Presto:
    # It warns of what it cannot parse and quotes the statement, which belongs in no log.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    return Presto()
