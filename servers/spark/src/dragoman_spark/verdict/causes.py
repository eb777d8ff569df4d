"""The closed list of causes, and what each means in a sentence."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum

__all__ = ["MEANING", "Cause", "Certainty", "Confidence"]


class Cause(StrEnum):
    """Why an application failed; the value is the word an agent reads and stores."""

    SQL_ANALYSIS_ERROR = "sql_analysis_error"
    TABLE_NOT_FOUND = "table_not_found"
    INPUT_PATH_MISSING = "input_path_missing"
    OUTPUT_ALREADY_EXISTS = "output_already_exists"
    OUTPUT_PATH_NOT_WRITABLE = "output_path_not_writable"
    PERMISSION_DENIED = "permission_denied"
    AUTHENTICATION_FAILED = "authentication_failed"
    DATA_ERROR = "data_error"
    SCHEMA_MISMATCH = "schema_mismatch"
    CORRUPT_INPUT_FILE = "corrupt_input_file"
    USER_CODE_EXCEPTION = "user_code_exception"
    USER_RAISED_ERROR = "user_raised_error"
    PYTHON_DEPENDENCY_MISSING = "python_dependency_missing"
    PYTHON_VERSION_MISMATCH = "python_version_mismatch"
    PYTHON_WORKER_SEGFAULT = "python_worker_segfault"
    PYTHON_WORKER_CRASHED = "python_worker_crashed"
    PYTHON_MEMORY_EXCEEDED = "python_memory_exceeded"
    EXECUTOR_HEAP_OOM = "executor_heap_oom"
    DRIVER_HEAP_OOM = "driver_heap_oom"
    EXECUTOR_MEMORY_UNIFIED_EXHAUSTED = "executor_memory_unified_exhausted"
    CONTAINER_MEMORY_EXCEEDED = "container_memory_exceeded"
    EXECUTOR_KILLED_BY_OS = "executor_killed_by_os"
    EXECUTOR_JVM_CRASHED = "executor_jvm_crashed"
    EXECUTOR_DECOMMISSIONED_OR_PREEMPTED = "executor_decommissioned_or_preempted"
    EXECUTOR_HEARTBEAT_TIMEOUT = "executor_heartbeat_timeout"
    EXECUTOR_EXIT_BY_USER_CODE = "executor_exit_by_user_code"
    EXECUTOR_LOST = "executor_lost"
    SHUFFLE_DATA_LOST = "shuffle_data_lost"
    DRIVER_RESULT_TOO_LARGE = "driver_result_too_large"
    BROADCAST_TIMEOUT = "broadcast_timeout"
    BROADCAST_TOO_LARGE = "broadcast_too_large"
    TASK_TOO_LARGE = "task_too_large"
    TASK_NOT_SERIALIZABLE = "task_not_serializable"
    KRYO_BUFFER_OVERFLOW = "kryo_buffer_overflow"
    CODEGEN_TOO_LARGE = "codegen_too_large"
    ENGINE_LIMIT_EXCEEDED = "engine_limit_exceeded"
    STACK_OVERFLOW = "stack_overflow"
    DISK_FULL = "disk_full"
    STORAGE_IO_ERROR = "storage_io_error"
    STORAGE_THROTTLED = "storage_throttled"
    NETWORK_UNREACHABLE = "network_unreachable"
    METASTORE_UNAVAILABLE = "metastore_unavailable"
    EXTERNAL_DATABASE_ERROR = "external_database_error"
    CONCURRENT_COMMIT_CONFLICT = "concurrent_commit_conflict"
    CLASS_NOT_FOUND = "class_not_found"
    VERSION_CONFLICT = "version_conflict"
    UNSUPPORTED_OPERATION = "unsupported_operation"
    INVALID_CONFIGURATION = "invalid_configuration"
    RESOURCE_STARVATION = "resource_starvation"
    OS_LIMIT_REACHED = "os_limit_reached"
    STREAMING_STATE_INCOMPATIBLE = "streaming_state_incompatible"
    KAFKA_OFFSETS_LOST = "kafka_offsets_lost"
    CANCELLED_BY_USER = "cancelled_by_user"
    DRIVER_STOPPED = "driver_stopped"
    SPARK_INTERNAL_ERROR = "spark_internal_error"
    UNKNOWN_FAILURE = "unknown_failure"
    VANISHED_CAUSE_NOT_IN_LOGS = "vanished_cause_not_in_logs"


class Confidence(StrEnum):
    """How sure a verdict is.

    `high`: Spark itself names the class and nothing contradicts; `medium`: it follows from what
    Spark says, or one file is missing; `low`: the best reading of thin evidence.
    """

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Certainty(IntEnum):
    """How strongly a text names a cause; SYMPTOM names none and asks for an earlier event."""

    SYMPTOM = 0
    GENERIC = 1
    IMPLIED = 2
    STATED = 3


MEANING: Mapping[Cause, str] = {
    Cause.SQL_ANALYSIS_ERROR: "Spark refused the query before running it",
    Cause.TABLE_NOT_FOUND: "a table, view, schema or catalog does not exist",
    Cause.INPUT_PATH_MISSING: "an input path or file does not exist",
    Cause.OUTPUT_ALREADY_EXISTS: "the output exists already and the write may not replace it",
    Cause.OUTPUT_PATH_NOT_WRITABLE: "the output directory cannot be created or written",
    Cause.PERMISSION_DENIED: "the application's identity may not do this",
    Cause.AUTHENTICATION_FAILED: "credentials are missing, wrong or expired",
    Cause.DATA_ERROR: "a value in the data cannot be computed, cast or parsed",
    Cause.SCHEMA_MISMATCH: "data and expected schema do not fit",
    Cause.CORRUPT_INPUT_FILE: "an input file is broken or not of its format",
    Cause.USER_CODE_EXCEPTION: "the application's own code raised an exception",
    Cause.USER_RAISED_ERROR: "the query raised an error on purpose (raise_error, assert_true)",
    Cause.PYTHON_DEPENDENCY_MISSING: "a Python module or interpreter is missing where it is needed",
    Cause.PYTHON_VERSION_MISMATCH: "driver and executors run different Python versions",
    Cause.PYTHON_WORKER_SEGFAULT: "native code crashed a Python worker",
    Cause.PYTHON_WORKER_CRASHED: "a Python worker exited and did not say why",
    Cause.PYTHON_MEMORY_EXCEEDED: "a Python process ran out of memory",
    Cause.EXECUTOR_HEAP_OOM: "an executor's JVM heap ran out",
    Cause.DRIVER_HEAP_OOM: "the driver's JVM heap ran out",
    Cause.EXECUTOR_MEMORY_UNIFIED_EXHAUSTED: "Spark's memory pool could not give a task its share",
    Cause.CONTAINER_MEMORY_EXCEEDED: "a container used more memory than its limit and was killed",
    Cause.EXECUTOR_KILLED_BY_OS: "an executor got SIGKILL from outside, often for memory",
    Cause.EXECUTOR_JVM_CRASHED: "an executor's JVM crashed in native code",
    Cause.EXECUTOR_DECOMMISSIONED_OR_PREEMPTED: "executors were taken away from the application",
    Cause.EXECUTOR_HEARTBEAT_TIMEOUT: "an executor stopped answering the driver",
    Cause.EXECUTOR_EXIT_BY_USER_CODE: "code in a task ended its executor's process itself",
    Cause.EXECUTOR_LOST: "an executor was lost and these files do not say why",
    Cause.SHUFFLE_DATA_LOST: "shuffle output was missing or corrupt when it was read",
    Cause.DRIVER_RESULT_TOO_LARGE: "results for the driver exceed spark.driver.maxResultSize",
    Cause.BROADCAST_TIMEOUT: "a broadcast took longer than spark.sql.broadcastTimeout",
    Cause.BROADCAST_TOO_LARGE: "a table is too large to be broadcast",
    Cause.TASK_TOO_LARGE: "a serialized task exceeds spark.rpc.message.maxSize",
    Cause.TASK_NOT_SERIALIZABLE: "code or an object cannot be sent to the executors",
    Cause.KRYO_BUFFER_OVERFLOW: "an object exceeds spark.kryoserializer.buffer.max",
    Cause.CODEGEN_TOO_LARGE: "generated code is too large for the JVM",
    Cause.ENGINE_LIMIT_EXCEEDED: "a size or count limit of Spark was exceeded",
    Cause.STACK_OVERFLOW: "a plan or structure is nested too deeply",
    Cause.DISK_FULL: "a disk or quota is full",
    Cause.STORAGE_IO_ERROR: "storage failed while reading or writing",
    Cause.STORAGE_THROTTLED: "storage refused requests because there were too many",
    Cause.NETWORK_UNREACHABLE: "a host or service could not be reached",
    Cause.METASTORE_UNAVAILABLE: "the metastore could not be reached",
    Cause.EXTERNAL_DATABASE_ERROR: "an external database refused the work",
    Cause.CONCURRENT_COMMIT_CONFLICT: "another writer changed the table at the same time",
    Cause.CLASS_NOT_FOUND: "a class, library or data source is missing",
    Cause.VERSION_CONFLICT: "libraries of different versions do not fit together",
    Cause.UNSUPPORTED_OPERATION: "this Spark does not support the operation",
    Cause.INVALID_CONFIGURATION: "a setting is invalid",
    Cause.RESOURCE_STARVATION: "the cluster gave no executors",
    Cause.OS_LIMIT_REACHED: "a limit of the operating system (threads, open files) was reached",
    Cause.STREAMING_STATE_INCOMPATIBLE: "checkpoint or state do not fit the query",
    Cause.KAFKA_OFFSETS_LOST: "offsets are no longer available in Kafka",
    Cause.CANCELLED_BY_USER: "a person or a program cancelled the work",
    Cause.DRIVER_STOPPED: "the driver was told to end in mid-work; the logs do not say by whom",
    Cause.SPARK_INTERNAL_ERROR: "Spark reports an internal error",
    Cause.UNKNOWN_FAILURE: "the failure is of no known class",
    Cause.VANISHED_CAUSE_NOT_IN_LOGS: "the log stops without an end and nothing in it says why",
}
