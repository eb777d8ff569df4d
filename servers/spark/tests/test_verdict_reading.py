"""What single messages mean, in the words of Spark, the JVM, Python and cluster managers."""

import pytest

from dragoman_spark.logs.thrown import read_chain
from dragoman_spark.verdict.causes import Cause, Certainty
from dragoman_spark.verdict.exits import read_loss
from dragoman_spark.verdict.reading import Where, read_reason, user_frames

AT_SPARK = "\n\tat org.apache.spark.sql.execution.X.run(X.scala:1)"

ON_EXECUTOR = [
    ("java.lang.OutOfMemoryError: GC overhead limit exceeded", Cause.EXECUTOR_HEAP_OOM),
    ("java.lang.OutOfMemoryError: unable to create native thread", Cause.OS_LIMIT_REACHED),
    (
        (
            "org.apache.spark.memory.SparkOutOfMemoryError: "
            "[UNABLE_TO_ACQUIRE_MEMORY] Unable to acquire 65536 bytes of memory, "
            "got 0."
        ),
        Cause.EXECUTOR_MEMORY_UNIFIED_EXHAUSTED,
    ),
    (
        (
            "org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed."
            f"{AT_SPARK}\nCaused by: java.io.IOException: No space left on device"
        ),
        Cause.DISK_FULL,
    ),
    ("java.io.IOException: Mkdirs failed to create file:/x", Cause.OUTPUT_PATH_NOT_WRITABLE),
    (
        (
            "org.apache.hadoop.security.AccessControlException: Permission denied: "
            "user=a, access=WRITE"
        ),
        Cause.PERMISSION_DENIED,
    ),
    ("java.io.FileNotFoundException: /data/x.csv (Permission denied)", Cause.PERMISSION_DENIED),
    (
        "java.io.FileNotFoundException: File hdfs://a/b.parquet does not exist",
        Cause.INPUT_PATH_MISSING,
    ),
    (
        "java.io.FileNotFoundException: /local/blockmgr-1/0a/shuffle_1_2_0.data (No such file)",
        Cause.SHUFFLE_DATA_LOST,
    ),
    (
        (
            "org.apache.spark.SparkException: [FAILED_READ_FILE.NO_HINT] Error while reading"
            f" file x. SQLSTATE: KD001{AT_SPARK}\nCaused by: java.lang.RuntimeException: x is not a"
            " Parquet file. Expected magic number at tail"
        ),
        Cause.CORRUPT_INPUT_FILE,
    ),
    (
        (
            "org.apache.spark.SparkNumberFormatException: [CAST_INVALID_INPUT] Value 'a' of type"
            f' "STRING" cannot be cast. SQLSTATE: 22018{AT_SPARK}\nCaused by:'
            " java.lang.NumberFormatException: For input string"
        ),
        Cause.DATA_ERROR,
    ),
    (
        "org.apache.spark.SparkArithmeticException: [DIVIDE_BY_ZERO] Division by zero.",
        Cause.DATA_ERROR,
    ),
    (
        (
            "org.apache.spark.SparkException: [FAILED_EXECUTE_UDF] User function failed. SQLSTATE:"
            " 39000\nCaused by: java.lang.ArithmeticException: / by zero\n"
            "\tat com.acme.Rates$.ratio(Rates.scala:12)"
        ),
        Cause.USER_CODE_EXCEPTION,
    ),
    (
        "scala.MatchError: 3 (of class java.lang.Integer)\n\tat com.acme.Job$.f(Job.scala:4)",
        Cause.USER_CODE_EXCEPTION,
    ),
    (
        (
            "org.apache.spark.api.python.PythonException: Traceback (most recent call last):\n"
            '  File "/a/j.py", line 3, in f\n    import geo\n'
            "ModuleNotFoundError: No module named 'geo'\n"
        ),
        Cause.PYTHON_DEPENDENCY_MISSING,
    ),
    (
        (
            "org.apache.spark.api.python.PythonException: Traceback (most recent call last):\n"
            '  File "/a/j.py", line 3, in f\n'
            "FileNotFoundError: [Errno 2] No such file: 'model.bin'\n"
        ),
        Cause.USER_CODE_EXCEPTION,
    ),
    (
        "org.apache.spark.SparkException: Python worker exited unexpectedly (crashed)",
        Cause.PYTHON_WORKER_CRASHED,
    ),
    (
        'java.io.IOException: Cannot run program "python3": error=2, No such file',
        Cause.PYTHON_DEPENDENCY_MISSING,
    ),
    (
        "com.esotericsoftware.kryo.KryoException: Buffer overflow. Available: 0, required: 9",
        Cause.KRYO_BUFFER_OVERFLOW,
    ),
    (
        "java.lang.NoSuchMethodError: 'void com.google.common.base.Preconditions.check()'",
        Cause.VERSION_CONFLICT,
    ),
    ("java.lang.ClassNotFoundException: org.postgresql.Driver", Cause.CLASS_NOT_FOUND),
    (
        "java.io.InvalidClassException: a.B; local class incompatible: stream classdesc",
        Cause.VERSION_CONFLICT,
    ),
    ("java.net.ConnectException: Connection refused", Cause.NETWORK_UNREACHABLE),
    ("java.net.UnknownHostException: warehouse.internal", Cause.NETWORK_UNREACHABLE),
    (
        (
            "com.amazonaws.services.s3.model.AmazonS3Exception: Please reduce your "
            "request rate. (Service: Amazon S3; Status Code: 503; Error Code: "
            "SlowDown)"
        ),
        Cause.STORAGE_THROTTLED,
    ),
    (
        (
            "org.apache.spark.SparkException: Parquet column cannot be converted "
            "in file x. Column: [id]"
        ),
        Cause.SCHEMA_MISMATCH,
    ),
    ("java.io.NotSerializableException: com.acme.Client", Cause.TASK_NOT_SERIALIZABLE),
    ("org.apache.spark.shuffle.FetchFailedException: Connection refused", None),
]
ON_DRIVER = [
    ("java.lang.OutOfMemoryError: Java heap space", Cause.DRIVER_HEAP_OOM),
    (
        (
            "java.lang.OutOfMemoryError: Not enough memory to build and broadcast "
            "the table to all worker nodes."
        ),
        Cause.DRIVER_HEAP_OOM,
    ),
    (
        "org.apache.spark.SparkException: Could not execute broadcast in 300 secs.",
        Cause.BROADCAST_TIMEOUT,
    ),
    (
        "org.apache.spark.SparkException: Cannot broadcast the table that is larger than 8.0 GiB",
        Cause.BROADCAST_TOO_LARGE,
    ),
    (
        (
            "Job aborted due to stage failure: Serialized task 0:0 was 9 bytes, which exceeds max"
            " allowed: spark.rpc.message.maxSize (1048576 bytes)"
        ),
        Cause.TASK_TOO_LARGE,
    ),
    ("[TABLE_OR_VIEW_NOT_FOUND] The table or view `a` cannot be found.", Cause.TABLE_NOT_FOUND),
    ("[PATH_NOT_FOUND] Path does not exist: s3a://b/ds=1.", Cause.INPUT_PATH_MISSING),
    ("[PARSE_SYNTAX_ERROR] Syntax error at or near 'selct'.", Cause.SQL_ANALYSIS_ERROR),
    ("[PATH_ALREADY_EXISTS] Path file:/o already exists.", Cause.OUTPUT_ALREADY_EXISTS),
    ("[DATA_SOURCE_NOT_FOUND] Failed to find the data source: delta.", Cause.CLASS_NOT_FOUND),
    ("[INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST] Cannot write", Cause.SCHEMA_MISMATCH),
    (
        "[UNSUPPORTED_FEATURE.LATERAL_JOIN_USING] The feature is not supported",
        Cause.UNSUPPORTED_OPERATION,
    ),
    (
        (
            "[STREAM_FAILED] Query [id = 1] terminated with exception: "
            "[STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE] Provided key schema does not "
            "match"
        ),
        Cause.STREAMING_STATE_INCOMPATIBLE,
    ),
    (
        (
            "[STREAM_FAILED] Query terminated\nio.delta.exceptions.ConcurrentAppendException:"
            " Files were added to the root of the table by a concurrent update."
        ),
        Cause.CONCURRENT_COMMIT_CONFLICT,
    ),
    (
        "org.apache.iceberg.exceptions.CommitFailedException: Cannot commit: stale table metadata",
        Cause.CONCURRENT_COMMIT_CONFLICT,
    ),
    (
        (
            "java.lang.RuntimeException: Unable to instantiate"
            " org.apache.hadoop.hive.ql.metadata.SessionHiveMetaStoreClient"
        ),
        Cause.METASTORE_UNAVAILABLE,
    ),
    ("javax.security.sasl.SaslException: GSS initiate failed", Cause.AUTHENTICATION_FAILED),
    (
        (
            "java.lang.IllegalArgumentException: System memory 2595 must be at least 4718592."
            " Please increase heap size using spark.driver.memory"
        ),
        Cause.INVALID_CONFIGURATION,
    ),
    (
        "org.apache.spark.SparkException: A master URL must be set in your configuration",
        Cause.INVALID_CONFIGURATION,
    ),
    ("org.apache.spark.SparkException: Task not serializable", Cause.TASK_NOT_SERIALIZABLE),
    (
        "[INTERNAL_ERROR] The Spark SQL phase optimization failed with an internal error.",
        Cause.SPARK_INTERNAL_ERROR,
    ),
    ("[MY_OWN_TAG] nothing of Spark's", None),
]


@pytest.mark.parametrize(("text", "cause"), ON_EXECUTOR)
def test_a_task_failure_names_its_cause(text: str, cause: Cause | None) -> None:
    assert read_reason(read_chain(text), Where.EXECUTOR).cause is cause


@pytest.mark.parametrize(("text", "cause"), ON_DRIVER)
def test_a_driver_failure_names_its_cause(text: str, cause: Cause | None) -> None:
    assert read_reason(read_chain(text), Where.DRIVER).cause is cause


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("Command exited with code 52", Cause.EXECUTOR_HEAP_OOM),
        ("Command exited with code 137", Cause.EXECUTOR_KILLED_BY_OS),
        ("Command exited with code 134", Cause.EXECUTOR_JVM_CRASHED),
        (
            (
                "Container killed by YARN for exceeding physical memory limits. 5.5 GB "
                "of 5.5 GB physical memory used. Consider boosting "
                "spark.executor.memoryOverhead."
            ),
            Cause.CONTAINER_MEMORY_EXCEEDED,
        ),
        (
            (
                "Container marked as failed: container_1_2_01_000003 on host: h. Exit status: 137."
                " Diagnostics: Container killed on request. Exit code is 137"
            ),
            Cause.EXECUTOR_KILLED_BY_OS,
        ),
        (
            (
                "The executor with id 3 exited with exit code 137(SIGKILL, possible "
                "container OOM). The API gave the following container statuses: "
                "termination reason: OOMKilled"
            ),
            Cause.CONTAINER_MEMORY_EXCEEDED,
        ),
        (
            "The executor with id 3 was deleted by a user or the framework.",
            Cause.EXECUTOR_DECOMMISSIONED_OR_PREEMPTED,
        ),
        (
            "Container container_1 on host: h was preempted.",
            Cause.EXECUTOR_DECOMMISSIONED_OR_PREEMPTED,
        ),
        ("Executor decommission: node shutting down", Cause.EXECUTOR_DECOMMISSIONED_OR_PREEMPTED),
        ("Executor heartbeat timed out after 129000 ms", Cause.EXECUTOR_HEARTBEAT_TIMEOUT),
        ("The node was low on resource: ephemeral-storage. Evicted", Cause.DISK_FULL),
        ("Command exited with code 17", Cause.EXECUTOR_EXIT_BY_USER_CODE),
        ("Command exited with code 1", Cause.EXECUTOR_LOST),
        ("Worker shutting down", None),
        ("Executor killed by driver.", None),
        (
            "java.lang.IllegalStateException: Shutdown hooks cannot be modified during shutdown.",
            None,
        ),
    ],
)
def test_a_loss_reason_names_its_cause(reason: str, cause: Cause | None) -> None:
    assert read_loss(reason).cause is cause


def test_a_loss_without_a_reason_stays_a_symptom() -> None:
    loss = read_loss("Remote RPC client disassociated. Likely due to network issues.")

    assert (loss.cause, loss.certainty) == (Cause.EXECUTOR_LOST, Certainty.SYMPTOM)


def test_frames_of_libraries_are_not_the_users_code() -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File "/app/job.py", line 9, in main\n'
        '  File "/opt/lib/python3.11/site-packages/pyspark/sql/dataframe.py", line 5, in count\n'
        "KeyError: 1\n"
    )

    assert [frame.line for frame in user_frames(read_chain(text))] == [9]
