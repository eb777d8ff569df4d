"""What Spark's error conditions mean: by name where it matters, else by the class of SQLSTATE.

Source: Spark's error-conditions.json and the SQLSTATE classes of the SQL standard and of Spark.
"""

import re
from typing import NamedTuple

from dragoman_spark import catalogue
from dragoman_spark.verdict.causes import Cause, Certainty

__all__ = ["Reading", "read_condition"]

_S, _I, _G = Certainty.STATED, Certainty.IMPLIED, Certainty.GENERIC


class Reading(NamedTuple):
    """`cause` is None for a condition that only wraps or follows another failure."""

    cause: Cause | None
    certainty: Certainty


_WRAPPER = Reading(None, Certainty.SYMPTOM)
_API_MISUSE = Reading(Cause.USER_CODE_EXCEPTION, _I)
_NAMES: tuple[tuple[str, Reading], ...] = (
    (
        (
            r"STREAM_FAILED|TASK_WRITE_FAILED|WRITING_JOB_ABORTED|FOREACH_(BATCH_)?USER_FUNCTION_ERROR"
            r"|SPARK_JOB_CANCELLED|JOB_ABORTED|INTERNAL_ERROR_BROADCAST"
        ),
        _WRAPPER,
    ),
    (
        r"PYTHON_EXCEPTION|FAILED_EXECUTE_UDF|.*_USER_FUNCTION_ERROR|FAILED_FUNCTION_CALL",
        Reading(Cause.USER_CODE_EXCEPTION, _G),
    ),
    (r"FAILED_JDBC|DATA_SOURCE_EXTERNAL_ERROR", Reading(Cause.EXTERNAL_DATABASE_ERROR, _G)),
    (r"CONCURRENT_SCHEDULER_INSUFFICIENT_SLOT", Reading(Cause.RESOURCE_STARVATION, _S)),
    (r"AGGREGATE_OUT_OF_MEMORY", Reading(Cause.EXECUTOR_MEMORY_UNIFIED_EXHAUSTED, _S)),
    (r"NO_ACTIVE_.*|SESSION_ALREADY_EXIST", Reading(Cause.USER_CODE_EXCEPTION, _I)),
    (r"STREAMING_PYTHON_RUNNER_INIT.*", Reading(Cause.PYTHON_WORKER_CRASHED, _I)),
    (r"JAVA_GATEWAY_EXITED", _WRAPPER),
    (r"USER_RAISED_EXCEPTION|ASSERT_TRUE", Reading(Cause.USER_RAISED_ERROR, _S)),
    (
        (
            "PATH_NOT_FOUND|LOAD_DATA_PATH_NOT_EXISTS|RENAME_SRC_PATH_NOT_FOUND"
            r"|FAILED_READ_FILE\.FILE_NOT_EXIST|BATCH_METADATA_NOT_FOUND"
            "|FILE_NOT_FOUND"
        ),
        Reading(Cause.INPUT_PATH_MISSING, _S),
    ),
    (r"FAILED_READ_FILE\.PARQUET_COLUMN_DATA_TYPE_MISMATCH", Reading(Cause.SCHEMA_MISMATCH, _S)),
    (r"FAILED_READ_FILE\.UNSUPPORTED_FILE_SYSTEM", Reading(Cause.UNSUPPORTED_OPERATION, _S)),
    (
        r"FAILED_READ_FILE|CANNOT_READ_FILE|.*_FOOTER|CORRUPTED_.*",
        Reading(Cause.CORRUPT_INPUT_FILE, _I),
    ),
    (
        (
            "TABLE_OR_VIEW_NOT_FOUND|TABLE_NOT_FOUND|VIEW_NOT_FOUND"
            "|SCHEMA_NOT_FOUND|CATALOG_NOT_FOUND|DELTA_(TABLE|PATH).*NOT_(FOUND"
            "|EXIST)"
        ),
        Reading(Cause.TABLE_NOT_FOUND, _S),
    ),
    (
        (
            "(PATH|TABLE|VIEW|TABLE_OR_VIEW|SCHEMA|LOCATION|DELTA_TABLE"
            "|TEMP_.*)_ALREADY_EXISTS|DELTA_PATH_EXISTS"
        ),
        Reading(Cause.OUTPUT_ALREADY_EXISTS, _S),
    ),
    (
        (
            "INCOMPATIBLE_DATA_FOR_TABLE|CANNOT_MERGE_(SCHEMAS|INCOMPATIBLE).*"
            "|INSERT_COLUMN_ARITY_MISMATCH|UNABLE_TO_INFER_SCHEMA"
            "|NUM_COLUMNS_MISMATCH|DELTA_.*SCHEMA.*|DELTA_FAILED_TO_MERGE_FIELDS"
            "|FIELD_(DATA_TYPE|STRUCT|NOT).*|CANNOT_ACCEPT_OBJECT_IN_TYPE"
            "|AVRO_INCOMPATIBLE.*|COLUMN_ARRAY_ELEMENT_TYPE_MISMATCH"
            "|CANNOT_UP_CAST_DATATYPE|AVRO_CANNOT_WRITE_NULL_FIELD"
            "|.*SCHEMA_MISMATCH.*|INCOMPATIBLE_COLUMN_TYPE"
            "|LENGTH_SHOULD_BE_THE_SAME|AXIS_LENGTH_MISMATCH"
        ),
        Reading(Cause.SCHEMA_MISMATCH, _S),
    ),
    (
        (
            "INCONSISTENT_BEHAVIOR_CROSS_VERSION|MALFORMED_.*"
            "|MERGE_CARDINALITY_VIOLATION|.*CONSTRAINT.*VIOLATION|DELTA_VIOLATE.*"
            "|DUPLICATED_MAP_KEY|NOT_NULL_ASSERT_VIOLATION"
            "|SCALAR_SUBQUERY_TOO_MANY_ROWS"
        ),
        Reading(Cause.DATA_ERROR, _S),
    ),
    (r"UNABLE_TO_ACQUIRE_MEMORY", Reading(Cause.EXECUTOR_MEMORY_UNIFIED_EXHAUSTED, _S)),
    (r"NOT_ENOUGH_MEMORY_TO_BUILD_BROADCAST_TABLE", Reading(Cause.DRIVER_HEAP_OOM, _S)),
    (
        r"EXCEEDED_BROADCAST.*|BROADCAST_TABLE_TOO_LARGE|.*BROADCAST_TABLE_SIZE.*",
        Reading(Cause.BROADCAST_TOO_LARGE, _S),
    ),
    (r".*BROADCAST_TIMEOUT.*", Reading(Cause.BROADCAST_TIMEOUT, _S)),
    (r"KRYO_BUFFER_OVERFLOW", Reading(Cause.KRYO_BUFFER_OVERFLOW, _S)),
    (
        r"CONTEXT_ONLY_VALID_ON_DRIVER|.*_NOT_SERIALIZABLE.*|.*CANNOT_PICKLE.*|.*_SERIALIZ.*FAIL.*",
        Reading(Cause.TASK_NOT_SERIALIZABLE, _S),
    ),
    (
        r"DATA_SOURCE_NOT_FOUND|CANNOT_LOAD_FUNCTION_CLASS|.*CLASS_NOT_FOUND.*",
        Reading(Cause.CLASS_NOT_FOUND, _S),
    ),
    (
        r"PACKAGE_NOT_INSTALLED|UNSUPPORTED_PACKAGE_VERSION",
        Reading(Cause.PYTHON_DEPENDENCY_MISSING, _S),
    ),
    (r"PYTHON_VERSION_MISMATCH", Reading(Cause.PYTHON_VERSION_MISMATCH, _S)),
    (
        (
            "INVALID_CONF_VALUE.*|.*_CONFIG|INVALID_SPARK_CONFIG.*|CONFIG_.*"
            "|CANNOT_MODIFY_CONFIG|INVALID_EXECUTOR_.*|MASTER_URL.*"
            "|APPLICATION_NAME_NOT_SET|CANNOT_CONFIGURE_.*|INVALID_DRIVER_MEMORY"
        ),
        Reading(Cause.INVALID_CONFIGURATION, _S),
    ),
    (
        r"CONCURRENT_.*|DELTA_CONCURRENT.*|.*_COMMIT_CONFLICT.*",
        Reading(Cause.CONCURRENT_COMMIT_CONFLICT, _S),
    ),
    (
        (
            "STATE_STORE_.*|CANNOT_LOAD_STATE_STORE.*|STREAMING_STATEFUL_OPERATOR.*"
            "|.*CHECKPOINT.*|STATE_STORE|STDS_.*|STREAMING_SOURCE.*"
            "|.*_OFFSET_.*MISMATCH.*|INVALID_OFFSETS.*|STATEFUL_PROCESSOR.*SCHEMA.*"
            "|OFFSET_LOG.*"
        ),
        Reading(Cause.STREAMING_STATE_INCOMPATIBLE, _S),
    ),
    (r"KAFKA_DATA_LOSS|.*KAFKA.*OFFSET.*", Reading(Cause.KAFKA_OFFSETS_LOST, _S)),
    (r"OPERATION_CANCELED|SESSION_CLOSED|.*_CANCELED", Reading(Cause.CANCELLED_BY_USER, _S)),
    (
        r"COLLECTION_SIZE_LIMIT_EXCEEDED|GROUPING_SIZE_LIMIT.*|.*_LIMIT_EXCEEDED",
        Reading(Cause.ENGINE_LIMIT_EXCEEDED, _S),
    ),
    (
        (
            "UNRESOLVED_.*|.*UNSUPPORTED_SUBQUERY.*|MISSING_AGGREGATION"
            "|MISSING_GROUP_BY|PARSE_SYNTAX_ERROR|DATATYPE_MISMATCH"
        ),
        Reading(Cause.SQL_ANALYSIS_ERROR, _S),
    ),
    (r"INTERNAL_ERROR", Reading(Cause.SPARK_INTERNAL_ERROR, _G)),
)
_RULES = tuple((re.compile(rf"(?:{names})(?:\..*)?$"), reading) for names, reading in _NAMES)
_STATES: dict[str, Reading] = {
    "42K03": Reading(Cause.INPUT_PATH_MISSING, _I),
    "42P01": Reading(Cause.TABLE_NOT_FOUND, _S),
    "42P07": Reading(Cause.OUTPUT_ALREADY_EXISTS, _S),
    "42501": Reading(Cause.PERMISSION_DENIED, _S),
    "42K02": Reading(Cause.CLASS_NOT_FOUND, _S),
    "46103": Reading(Cause.CLASS_NOT_FOUND, _S),
    "46110": Reading(Cause.INVALID_CONFIGURATION, _S),
    "22022": Reading(Cause.INVALID_CONFIGURATION, _S),
    "HY008": Reading(Cause.CANCELLED_BY_USER, _S),
    "XXKDA": _WRAPPER,
}
_CLASSES: dict[str, Reading] = {
    "08": Reading(Cause.NETWORK_UNREACHABLE, _I),
    "0A": Reading(Cause.UNSUPPORTED_OPERATION, _S),
    "21": Reading(Cause.DATA_ERROR, _S),
    "22": Reading(Cause.DATA_ERROR, _S),
    "23": Reading(Cause.DATA_ERROR, _S),
    "28": Reading(Cause.AUTHENTICATION_FAILED, _S),
    "2D": Reading(Cause.CONCURRENT_COMMIT_CONFLICT, _I),
    "38": Reading(Cause.USER_CODE_EXCEPTION, _G),
    "39": Reading(Cause.USER_CODE_EXCEPTION, _G),
    "40": Reading(Cause.CONCURRENT_COMMIT_CONFLICT, _S),
    "42": Reading(Cause.SQL_ANALYSIS_ERROR, _S),
    "46": Reading(Cause.SQL_ANALYSIS_ERROR, _I),
    "51": Reading(Cause.SCHEMA_MISMATCH, _I),
    "53": Reading(Cause.ENGINE_LIMIT_EXCEEDED, _I),
    "54": Reading(Cause.ENGINE_LIMIT_EXCEEDED, _S),
    "56": Reading(Cause.UNSUPPORTED_OPERATION, _I),
    "57": Reading(Cause.CANCELLED_BY_USER, _I),
    "58": Reading(Cause.STORAGE_IO_ERROR, _I),
    "F0": Reading(Cause.INVALID_CONFIGURATION, _S),
    "KD": Reading(Cause.STORAGE_IO_ERROR, _G),
    "P0": Reading(Cause.USER_RAISED_ERROR, _S),
    "XX": Reading(Cause.SPARK_INTERNAL_ERROR, _G),
}


def read_condition(condition: str, stated: str | None = None) -> Reading | None:
    """What a condition means; None where neither Spark's catalogue nor its SQLSTATE know it.

    `stated` is the SQLSTATE of the message, for conditions of other products.
    """
    sqlstate = stated or catalogue.sqlstate(condition)
    named = next((reading for pattern, reading in _RULES if pattern.match(condition)), None)
    if named is not None and (sqlstate or catalogue.known(condition) or named.cause is not None):
        return named
    if sqlstate is None:
        return _API_MISUSE if catalogue.known(condition) else None
    return _STATES.get(sqlstate) or _CLASSES.get(sqlstate[:2])
