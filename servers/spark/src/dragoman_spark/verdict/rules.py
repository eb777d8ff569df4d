"""What exception classes and messages mean, whoever wrapped them.

A rule matches the class by its last name (any of `names`; empty: any class) and, where given, a
pattern in the message. The first that matches counts, so narrow rules come first.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dragoman_spark.logs.thrown import Language, Thrown
from dragoman_spark.verdict.causes import Cause, Certainty

__all__ = ["Rule", "match_rule"]

_S, _I, _G = Certainty.STATED, Certainty.IMPLIED, Certainty.GENERIC


@dataclass(frozen=True, slots=True)
class Rule:
    cause: Cause
    certainty: Certainty
    names: frozenset[str]
    message: re.Pattern[str] | None
    language: Language | None = None

    def matches(self, thrown: Thrown) -> bool:
        if self.language is not None and thrown.language is not self.language:
            return False
        if self.names and thrown.simple not in self.names:
            return False
        return self.message is None or self.message.search(thrown.message) is not None


def match_rule(thrown: Thrown) -> Rule | None:
    return next((rule for rule in _RULES if rule.matches(thrown)), None)


def _jvm(
    cause: Cause, names: str = "", message: str | None = None, certainty: Certainty = _S
) -> Rule:
    pattern = re.compile(message, re.IGNORECASE) if message else None
    return Rule(cause, certainty, frozenset(names.split()), pattern)


def _python(
    cause: Cause, names: str, message: str | None = None, certainty: Certainty = _S
) -> Rule:
    pattern = re.compile(message) if message else None
    return Rule(cause, certainty, frozenset(names.split()), pattern, Language.PYTHON)


def _memory() -> Iterable[Rule]:
    yield _jvm(Cause.EXECUTOR_MEMORY_UNIFIED_EXHAUSTED, "SparkOutOfMemoryError")
    yield _jvm(
        Cause.EXECUTOR_MEMORY_UNIFIED_EXHAUSTED, "", r"Unable to acquire \d+ bytes of memory"
    )
    yield _jvm(
        Cause.OS_LIMIT_REACHED, "OutOfMemoryError", r"unable to create (?:new )?native thread"
    )
    yield _jvm(Cause.DRIVER_HEAP_OOM, "", r"Not enough memory to build and broadcast the table")
    yield _jvm(
        Cause.BROADCAST_TOO_LARGE,
        "",
        r"Cannot broadcast the table (?:that is larger|with more|over)",
    )
    yield _jvm(Cause.EXECUTOR_HEAP_OOM, "OutOfMemoryError")
    yield _jvm(
        Cause.EXECUTOR_HEAP_OOM, "", r"java\.lang\.OutOfMemoryError|GC overhead limit exceeded"
    )
    yield _jvm(Cause.OS_LIMIT_REACHED, "", r"Too many open files")
    yield _jvm(Cause.STACK_OVERFLOW, "StackOverflowError")
    yield _python(Cause.STACK_OVERFLOW, "RecursionError", certainty=_I)
    yield _python(Cause.PYTHON_MEMORY_EXCEEDED, "MemoryError ArrowMemoryError")
    yield Rule(Cause.PYTHON_WORKER_SEGFAULT, _S, frozenset({"Fatal Python error"}), None)


def _limits() -> Iterable[Rule]:
    yield _jvm(
        Cause.DRIVER_RESULT_TOO_LARGE,
        "",
        r"bigger than (?:local )?(?:max ?result|spark\.driver\.maxResultSize)",
    )
    yield _jvm(Cause.DRIVER_RESULT_TOO_LARGE, "", r"result size has exceeded maxResultSize")
    yield _jvm(Cause.BROADCAST_TIMEOUT, "", r"Could not execute broadcast in")
    yield _jvm(Cause.TASK_TOO_LARGE, "", r"exceeds max allowed: spark\.rpc\.message\.maxSize")
    yield _jvm(Cause.KRYO_BUFFER_OVERFLOW, "", r"Buffer overflow\. Available: ")
    yield _jvm(
        Cause.CODEGEN_TOO_LARGE,
        "",
        r"grows beyond 64 KB|Constant pool .* has grown past|code too large",
    )
    yield _jvm(
        Cause.CODEGEN_TOO_LARGE,
        "JaninoRuntimeException InternalCompilerException CompileException",
        None,
        _I,
    )
    yield _jvm(
        Cause.ENGINE_LIMIT_EXCEEDED, "", r"exceeds? size limitation|Cannot grow BufferHolder"
    )
    yield _jvm(Cause.TASK_NOT_SERIALIZABLE, "", r"Task not serializable|Class is not registered")
    yield _jvm(Cause.TASK_NOT_SERIALIZABLE, "NotSerializableException PicklingError")
    yield _jvm(
        Cause.TASK_NOT_SERIALIZABLE,
        "",
        r"Could not serialize object|cannot (?:be )?pickle|Could not pickle",
    )
    yield _jvm(
        Cause.TASK_NOT_SERIALIZABLE,
        "",
        r"It appears that you are attempting to reference SparkContext",
    )


def _libraries() -> Iterable[Rule]:
    yield _python(
        Cause.PYTHON_DEPENDENCY_MISSING,
        "ModuleNotFoundError ImportError PySparkImportError PackageNotFoundError",
    )
    yield _jvm(Cause.PYTHON_DEPENDENCY_MISSING, "", r"ModuleNotFoundError|No module named")
    yield _jvm(
        Cause.PYTHON_DEPENDENCY_MISSING, "", r'Cannot run program "[^"]*(?:python|conda|env)[^"]*"'
    )
    yield _jvm(
        Cause.PYTHON_VERSION_MISMATCH,
        "",
        r"Python in worker has different version|PYTHON_VERSION_MISMATCH",
    )
    yield _jvm(
        Cause.PYTHON_WORKER_CRASHED,
        "",
        r"Python worker (?:exited unexpectedly|failed to connect back|did not connect back)",
        _I,
    )
    yield _jvm(
        Cause.VERSION_CONFLICT,
        "",
        r"local class incompatible|SerializedLambda|has been compiled by a more recent version",
    )
    yield _jvm(
        Cause.VERSION_CONFLICT,
        "NoSuchMethodError NoSuchFieldError AbstractMethodError IncompatibleClassChangeError"
        " IllegalAccessError UnsupportedClassVersionError InvalidClassException LinkageError VerifyError"
        " ClassFormatError BootstrapMethodError",
    )
    yield _jvm(
        Cause.CLASS_NOT_FOUND, "ClassNotFoundException NoClassDefFoundError UnsatisfiedLinkError"
    )
    yield _jvm(
        Cause.CLASS_NOT_FOUND,
        "",
        r"Failed to find (?:the )?data source|Failed to load class |No FileSystem for scheme|No suitable driver",
    )


def _storage() -> Iterable[Rule]:
    yield _jvm(
        Cause.DISK_FULL,
        "",
        r"No space left on device|Disk quota exceeded|quota of .* is exceeded|space quota",
    )
    yield _jvm(
        Cause.DISK_FULL,
        "DSQuotaExceededException NSQuotaExceededException DiskOutOfSpaceException QuotaExceededException",
    )
    yield _jvm(
        Cause.STORAGE_THROTTLED,
        "",
        r"SlowDown|Slow Down|reduce your request rate|RequestLimitExceeded|Throttl|TooManyRequests"
        r"|Status Code: 503|\b429\b|ServerBusy|Rate exceeded|over the account limit|rateLimitExceeded",
    )
    yield _jvm(
        Cause.AUTHENTICATION_FAILED,
        "KerberosAuthException LoginException InvalidToken NoAuthWithAWSException SaslException"
        " AuthenticationException UnauthorizedException InvalidAlgorithmParameterException"
        " NoAwsCredentialsException CredentialInitializationException GSSException",
    )
    yield _jvm(
        Cause.AUTHENTICATION_FAILED,
        "",
        r"GSS initiate failed|token .*(?:expired|can't be found in cache)|ExpiredToken|InvalidAccessKeyId"
        r"|SignatureDoesNotMatch|Unable to load (?:AWS )?credentials|no (?:valid )?credentials|401 Unauthorized"
        r"|authentication failed|Access denied for user|InvalidClientTokenId",
    )
    yield _jvm(
        Cause.OUTPUT_PATH_NOT_WRITABLE,
        "",
        r"Mkdirs failed to create|Read-only file system|mkdir of .* failed|Failed to create .*director",
    )
    yield _jvm(
        Cause.PERMISSION_DENIED,
        "AccessControlException AccessDeniedException AuthorizationException",
    )
    yield _python(Cause.PERMISSION_DENIED, "PermissionError")
    yield _jvm(
        Cause.PERMISSION_DENIED,
        "",
        r"Permission denied|Access ?Denied|403 Forbidden|Status Code: 403|not authorized to",
    )
    yield _jvm(
        Cause.OUTPUT_ALREADY_EXISTS,
        "FileAlreadyExistsException TableAlreadyExistsException TempTableAlreadyExistsException",
        None,
        _I,
    )
    yield _jvm(
        Cause.OUTPUT_ALREADY_EXISTS, "", r"(?:path|directory|table|view) \S+ already exists", _I
    )
    yield _jvm(
        Cause.INPUT_PATH_MISSING,
        "",
        r"(?:Input path|Path) does not exist|Input Pattern .* matches 0 files",
    )
    yield _jvm(
        Cause.INPUT_PATH_MISSING, "", r"It is possible the underlying files have been updated", _I
    )


def _services() -> Iterable[Rule]:
    yield _jvm(
        Cause.METASTORE_UNAVAILABLE,
        "",
        r"SessionHiveMetaStoreClient|Could not connect to meta ?store|HiveMetaStoreClient|Metastore.*(?:connect|unavail)",
    )
    yield _jvm(Cause.METASTORE_UNAVAILABLE, "MetaException", None, _I)
    yield _jvm(Cause.KAFKA_OFFSETS_LOST, "OffsetOutOfRangeException")
    yield _jvm(
        Cause.KAFKA_OFFSETS_LOST,
        "",
        r"not available in Kafka any more|Some data may have been lost|data may have been aged out",
    )
    yield _jvm(
        Cause.NETWORK_UNREACHABLE,
        "ConnectException UnknownHostException NoRouteToHostException ConnectTimeoutException"
        " SocketTimeoutException HttpHostConnectException PortUnreachableException ConnectionTimeoutException"
        " NoBrokersAvailable CommunicationsException AnnotatedConnectException",
    )
    yield _python(
        Cause.NETWORK_UNREACHABLE,
        "ConnectionRefusedError ConnectTimeout gaierror NewConnectionError MaxRetryError ConnectTimeoutError"
        " EndpointConnectionError ConnectionResetError ConnectionError",
    )
    yield _jvm(
        Cause.NETWORK_UNREACHABLE,
        "",
        r"Connection refused|Connection reset|UnknownHost|Communications link failure|Name or service not known|timed out.*describeTopics",
    )
    yield _jvm(
        Cause.CONCURRENT_COMMIT_CONFLICT,
        "ConcurrentAppendException ConcurrentDeleteReadException ConcurrentDeleteDeleteException"
        " ConcurrentTransactionException ConcurrentWriteException MetadataChangedException"
        " ProtocolChangedException CommitFailedException CommitStateUnknownException HoodieWriteConflictException",
    )
    yield _jvm(
        Cause.CONCURRENT_COMMIT_CONFLICT,
        "",
        r"Found conflicting (?:files|deletes)|concurrent (?:update|modification|commit)s? (?:to|of|detected)",
        _I,
    )
    yield _jvm(
        Cause.EXTERNAL_DATABASE_ERROR,
        "SQLException PSQLException SQLServerException SQLSyntaxErrorException BatchUpdateException SQLIntegrityConstraintViolationException SQLTimeoutException SQLRecoverableException",
        None,
        _I,
    )


def _formats() -> Iterable[Rule]:
    yield _jvm(
        Cause.CORRUPT_INPUT_FILE,
        "",
        r"is not a (?:Parquet|Avro|ORC) file|not a Parquet file|Malformed ORC|Not an? (?:Avro )?data file"
        r"|Not in GZIP format|incorrect (?:header|data) check|unexpected end of (?:block|stream|ZLIB)|CRC|checksum",
    )
    yield _jvm(
        Cause.CORRUPT_INPUT_FILE,
        "ParquetDecodingException FileFormatException ChecksumException ZipException BlockMissingException CorruptedFileException",
        None,
        _I,
    )
    yield _jvm(
        Cause.SCHEMA_MISMATCH,
        "SchemaColumnConvertNotSupportedException AvroTypeException SchemaParseException",
    )
    yield _jvm(
        Cause.SCHEMA_MISMATCH,
        "",
        r"Parquet column cannot be converted|schema mismatch|Failed to merge (?:incompatible|fields)"
        r"|Unable to infer schema|cannot accept object|Found duplicate column|Unable to create Parquet converter",
    )
    yield _python(Cause.SCHEMA_MISMATCH, "ArrowInvalid ArrowTypeError", None, _I)
    yield _jvm(
        Cause.STREAMING_STATE_INCOMPATIBLE, "StateSchemaNotCompatible StateStoreSchemaNotCompatible"
    )
    yield _jvm(
        Cause.STREAMING_STATE_INCOMPATIBLE,
        "",
        r"schema for existing state|sources in the checkpoint offsets|state store.*(?:incompatible|does not match)"
        r"|stateful operator.*(?:metadata|match)",
    )
    yield _jvm(
        Cause.DATA_ERROR,
        "SparkArithmeticException SparkNumberFormatException SparkDateTimeException SparkArrayIndexOutOfBoundsException SparkUpgradeException BadRecordException MalformedInputException",
    )
    yield _jvm(Cause.DATA_ERROR, "", r"Malformed records are detected|MALFORMED_RECORD", _I)
    yield _jvm(
        Cause.SQL_ANALYSIS_ERROR,
        "AnalysisException ExtendedAnalysisException ParseException NoSuchFunctionException",
        None,
        _I,
    )
    yield _jvm(
        Cause.TABLE_NOT_FOUND,
        "NoSuchTableException NoSuchDatabaseException NoSuchNamespaceException NoSuchViewException",
    )


def _requests() -> Iterable[Rule]:
    yield _python(Cause.CANCELLED_BY_USER, "KeyboardInterrupt")
    yield _jvm(
        Cause.CANCELLED_BY_USER,
        "",
        r"killed via the Web UI|cancelled job group|cancellation of job group|cancellation of jobs with tag|interrupted by user|cancelled by user",
    )
    yield _jvm(
        Cause.INVALID_CONFIGURATION,
        "",
        r"must be (?:at least|set|positive|one of|non-negative|in the range)\b.*spark\.|spark\.[\w.]+ (?:should|must|is not|cannot)\b"
        r"|(?:Invalid value|Illegal value|invalid) .*spark\.[\w.]+|A master URL must be set|Could not parse Master URL"
        r"|System memory \d+ must be at least|above the max threshold|Unrecognized VM option"
        r"|Could not create the Java Virtual Machine|Invalid (?:initial|maximum) heap size|initialization of VM"
        r"|Unrecognized Hadoop major|Unrecognized option|Size must be specified as bytes|Time must be specified as seconds",
    )
    yield _jvm(
        Cause.INVALID_CONFIGURATION,
        "IllegalArgumentException NumberFormatException",
        r"\bspark\.[a-z]\w*\.",
        _I,
    )
    yield _jvm(Cause.RESOURCE_STARVATION, "", r"has not accepted any resources")


_RULES: tuple[Rule, ...] = (
    *_memory(),
    *_limits(),
    *_libraries(),
    *_storage(),
    *_services(),
    *_formats(),
    *_requests(),
)
