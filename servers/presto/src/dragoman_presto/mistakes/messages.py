"""Presto's own sentences, each told apart by what its analyser means by it.

Source: SemanticErrorCode, ExpressionAnalyzer, StatementAnalyzer, AggregationAnalyzer,
FunctionResolution and StandardErrorCode of Presto 0.28x to 0.30x.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from dragoman_presto.mistakes.cause import Cause, Failure, Mistake


class _Sentence(NamedTuple):
    pattern: re.Pattern[str]
    cause: Cause
    advice: str = ""
    """With the pattern's groups as {0}, {1}."""


def _s(pattern: str, cause: Cause, advice: str = "") -> _Sentence:
    return _Sentence(re.compile(pattern), cause, advice)


_SENTENCES = (
    _s(r"^Column '(.+)' cannot be resolved$", Cause.UNKNOWN_COLUMN),
    _s(r"^'(.+)' cannot be resolved$", Cause.UNKNOWN_COLUMN),
    _s(r"^Invalid column reference: (.+)$", Cause.UNKNOWN_COLUMN),
    _s(r"^Table '?([^' ]+)'? (?:does not exist|not found)$", Cause.UNKNOWN_TABLE),
    _s(r"^View '?([^' ]+)'? does not exist$", Cause.UNKNOWN_TABLE),
    _s(r"^Schema '?([^' ]+)'? does not exist$", Cause.UNKNOWN_SCHEMA),
    _s(r"^Catalog '?([^' ]+)'? does not exist$", Cause.UNKNOWN_CATALOG),
    _s(
        r"^Schema must be specified",
        Cause.UNKNOWN_SCHEMA,
        "Name the table as catalog.schema.table.",
    ),
    _s(
        r"^Catalog must be specified",
        Cause.UNKNOWN_CATALOG,
        "Name the table as catalog.schema.table.",
    ),
    _s(r"^Function (?:[\w.]+\.)?(\w+) not (?:registered|found)", Cause.UNKNOWN_FUNCTION),
    _s(r"^Unknown type:? (.+)$", Cause.UNKNOWN_TYPE),
    _s(
        r"^Column '(.+)' is ambiguous$",
        Cause.AMBIGUOUS_COLUMN,
        "Several tables have it: write alias.{0}.",
    ),
    _s(
        r"^'(.+)' must be an aggregate expression or appear in GROUP BY clause$",
        Cause.NOT_GROUPED,
        "Add {0} to GROUP BY, or aggregate it: arbitrary({0}), max({0}).",
    ),
    _s(
        r"^WHERE clause cannot contain aggregations",
        Cause.MISPLACED_AGGREGATE,
        "Move the condition on an aggregate to HAVING, or filter in an outer query.",
    ),
    _s(
        r"^(\w+(?: \w+)?) clause cannot contain aggregations",
        Cause.MISPLACED_AGGREGATE,
        "Compute it in a subquery and use its column in {0}.",
    ),
    _s(
        r"^Cannot nest (?:aggregations|window functions) inside",
        Cause.MISPLACED_AGGREGATE,
        "Aggregate in a subquery, then again over its rows.",
    ),
    _s(
        r"^Window function (?:[\w.]+\.)?(\w+) requires an OVER clause",
        Cause.WINDOW_WITHOUT_OVER,
        "Write {0}(…) OVER (PARTITION BY … ORDER BY …).",
    ),
    _s(
        r"^GROUP BY position (\d+) is not in select list|^ORDER BY position (\d+) is not",
        Cause.NOT_GROUPED,
        "A number there counts the selected columns from 1.",
    ),
    _s(
        r"^For SELECT DISTINCT, ORDER BY expressions must appear in select list",
        Cause.NOT_GROUPED,
        "Select what you order by, or order in an outer query.",
    ),
    _s(
        r"^Unexpected parameters \((.*?)\) for function (?:[\w.]+\.)?(\w+)\. "
        r"Expected: (.+?)(?: , |$)",
        Cause.WRONG_ARGUMENTS,
        "{1} was given ({0}); it takes {2}.",
    ),
    _s(r"^'(.+)' cannot be applied to (.+)$", Cause.TYPE_MISMATCH),
    _s(r"^Cannot check if (.+) is BETWEEN (.+) and (.+)$", Cause.TYPE_MISMATCH),
    _s(
        r"^IN value and list items must be the same type: (.+)$",
        Cause.TYPE_MISMATCH,
        "Write every item of the list as {0}.",
    ),
    _s(
        r"^value and result of subquery must be of the same type for (?:IN|quantified)",
        Cause.TYPE_MISMATCH,
        "CAST one side to the other's type.",
    ),
    _s(
        r"^All (CASE results|COALESCE operands|NULLIF operands) must be the same type: (.+)$",
        Cause.TYPE_MISMATCH,
        "CAST the others to {1}, or this one to theirs.",
    ),
    _s(
        r"must evaluate to an? (\w+) ?(?:type)?:? ?\(?(?:actual(?: type)?:? ?(.+?))?\)?$",
        Cause.TYPE_MISMATCH,
        "Make it {0}, with CAST or a comparison.",
    ),
    _s(r"incompatible types: (.+)$", Cause.UNEQUAL_QUERIES, "CAST one side to the other's type."),
    _s(
        r"query has different number of fields: (\d+), (\d+)$",
        Cause.UNEQUAL_QUERIES,
        "Both sides need the same columns: one has {0}, the other {1}.",
    ),
    _s(
        r"^Natural join not supported|^NATURAL JOIN",
        Cause.NOT_SUPPORTED,
        "Write JOIN … USING (column) or ON.",
    ),
    _s(
        r"^Offset support is not enabled",
        Cause.NOT_SUPPORTED,
        "Leave OFFSET out: page with get_result, or filter on an ordered key.",
    ),
    _s(r"^identifiers must not contain '(.+)'$", Cause.OTHER_DIALECT),
    _s(
        r"^identifiers must not start with a digit",
        Cause.SYNTAX,
        'Put the name into "double quotes".',
    ),
    _s(r"^backquoted identifiers are not supported", Cause.OTHER_DIALECT),
    _s(r"^mismatched input '([\s\S]*?)'\.? ?(?:[Ee]xpecting|$)", Cause.SYNTAX),
    _s(r"^(?:no viable alternative|extraneous input|missing) .*?'([\s\S]*?)'", Cause.SYNTAX),
)

_NAMED: Mapping[str, tuple[Cause, str]] = {
    "DIVISION_BY_ZERO": (
        Cause.DIVISION_BY_ZERO,
        "Divide by NULLIF(x, 0), or wrap the expression in TRY(…).",
    ),
    "INVALID_CAST_ARGUMENT": (
        Cause.BAD_VALUE,
        "TRY_CAST gives NULL for values that do not fit; date_parse reads other formats.",
    ),
    "INVALID_FUNCTION_ARGUMENT": (
        Cause.BAD_VALUE,
        "TRY(…) gives NULL for values the function refuses.",
    ),
    "INVALID_LITERAL": (Cause.BAD_VALUE, "Correct the literal."),
    "NUMERIC_VALUE_OUT_OF_RANGE": (
        Cause.OUT_OF_RANGE,
        "CAST to BIGINT, DOUBLE or a wider DECIMAL first.",
    ),
    "SUBQUERY_MULTIPLE_ROWS": (
        Cause.SUBQUERY_ROWS,
        "Use IN, or reduce the subquery to one row: max(…), LIMIT 1.",
    ),
    "NOT_SUPPORTED": (Cause.NOT_SUPPORTED, "Write it another way."),
    "PERMISSION_DENIED": (
        Cause.PERMISSION,
        "The engine refuses this to you: ask the owner of the data for access.",
    ),
    "EXCEEDED_TIME_LIMIT": (
        Cause.TIME_LIMIT,
        "Read less: filter on a partition column, or aggregate earlier.",
    ),
    "EXCEEDED_CPU_LIMIT": (
        Cause.TIME_LIMIT,
        "Read less: filter on a partition column, or aggregate earlier.",
    ),
    "EXCEEDED_SCAN_RAW_BYTES_READ_LIMIT": (
        Cause.SCAN_LIMIT,
        "Filter on a partition column; preview_query names it.",
    ),
    "EXCEEDED_OUTPUT_SIZE_LIMIT": (Cause.OUTPUT_LIMIT, "Select fewer columns or rows."),
    "EXCEEDED_OUTPUT_POSITIONS_LIMIT": (Cause.OUTPUT_LIMIT, "Aggregate, or add LIMIT."),
    "EXCEEDED_GLOBAL_MEMORY_LIMIT": (
        Cause.MEMORY_LIMIT,
        "Put the smaller table on the right of the join; aggregate before joining.",
    ),
    "EXCEEDED_LOCAL_MEMORY_LIMIT": (
        Cause.MEMORY_LIMIT,
        "Put the smaller table on the right of the join; aggregate before joining.",
    ),
    "CLUSTER_OUT_OF_MEMORY": (
        Cause.MEMORY_LIMIT,
        "The cluster was full and this query was stopped: try again later or read less.",
    ),
    "QUERY_QUEUE_FULL": (Cause.QUEUE_FULL, "Wait for your other queries to end, then try again."),
    "QUERY_REJECTED": (Cause.QUEUE_FULL, "No resource group takes it: ask the cluster's owner."),
    "USER_CANCELED": (Cause.STOPPED, "It was cancelled; run it again if you still need it."),
    "ADMINISTRATIVELY_KILLED": (Cause.STOPPED, "An administrator stopped it: ask before retrying."),
    "ADMINISTRATIVELY_PREEMPTED": (Cause.STOPPED, "It made room for another: try again later."),
    "ABANDONED_QUERY": (Cause.STOPPED, "Nobody read its rows: run it again."),
}


def understood(failure: Failure) -> Mistake:
    """The cause of a failure by its name and its sentence, before any catalog is asked."""
    message = without_place(failure.message)
    if failure.name == "PERMISSION_DENIED" or message.startswith("Access Denied"):
        return Mistake(*_NAMED["PERMISSION_DENIED"])
    for sentence in _SENTENCES:
        if found := sentence.pattern.search(message):
            groups = [group or "" for group in found.groups()]
            names = tuple(filter(None, groups))
            return Mistake(sentence.cause, sentence.advice.format(*groups), names)
    return _by_name(failure, message)


def without_place(message: str) -> str:
    """The sentence without the `line 1:8: ` before it."""
    return re.sub(r"^line \d+:\d+: ", "", message)


def _by_name(failure: Failure, message: str) -> Mistake:
    if "subscript" in message or message.startswith("SQL array indices"):
        return Mistake(
            Cause.BAD_SUBSCRIPT,
            "Positions start at 1; element_at(array, n) gives NULL when there is none.",
        )
    if failure.name in _NAMED:
        return Mistake(*_NAMED[failure.name])
    by_kind = {
        "INTERNAL_ERROR": Mistake(Cause.ENGINE_FAULT, "A fault of Presto, not of the statement."),
        "EXTERNAL": Mistake(
            Cause.SOURCE_FAULT, "The data source failed, not the statement: try again later."
        ),
        "INSUFFICIENT_RESOURCES": Mistake(Cause.MEMORY_LIMIT, "Read less, or try again later."),
    }
    if failure.kind in by_kind:
        return by_kind[failure.kind]
    if failure.name == "SYNTAX_ERROR":
        return Mistake(Cause.SYNTAX)
    return Mistake(Cause.OTHER)
