"""The closed list of what can be wrong with a statement."""

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Named as people would say it; Presto itself calls most of these SYNTAX_ERROR."""

    UNKNOWN_COLUMN = "unknown_column"
    UNKNOWN_TABLE = "unknown_table"
    UNKNOWN_SCHEMA = "unknown_schema"
    UNKNOWN_CATALOG = "unknown_catalog"
    UNKNOWN_FUNCTION = "unknown_function"
    UNKNOWN_TYPE = "unknown_type"
    AMBIGUOUS_COLUMN = "ambiguous_column"
    NOT_GROUPED = "not_grouped"
    MISPLACED_AGGREGATE = "misplaced_aggregate"
    WINDOW_WITHOUT_OVER = "window_without_over"
    WRONG_ARGUMENTS = "wrong_arguments"
    TYPE_MISMATCH = "type_mismatch"
    UNEQUAL_QUERIES = "unequal_queries"
    OTHER_DIALECT = "other_dialect"
    UNCLOSED = "unclosed"
    SYNTAX = "syntax"
    BAD_VALUE = "bad_value"
    DIVISION_BY_ZERO = "division_by_zero"
    OUT_OF_RANGE = "out_of_range"
    BAD_SUBSCRIPT = "bad_subscript"
    SUBQUERY_ROWS = "subquery_rows"
    NOT_SUPPORTED = "not_supported"
    PERMISSION = "permission"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    SCAN_LIMIT = "scan_limit"
    OUTPUT_LIMIT = "output_limit"
    QUEUE_FULL = "queue_full"
    STOPPED = "stopped"
    SOURCE_FAULT = "source_fault"
    ENGINE_FAULT = "engine_fault"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Failure:
    """What Presto said. Line and column count from 1 and are 0 when it named no place."""

    name: str
    kind: str
    message: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, and what to do about it.

    `names` are the words that the cause is about: the unknown column, the types that clash.
    """

    cause: Cause
    advice: str = ""
    names: tuple[str, ...] = ()
