"""What exceptions say about storage, services and data."""

from collections.abc import Iterable

from dragoman_spark.verdict.causes import Cause, Certainty
from dragoman_spark.verdict.rule import Rule, any_rule, python_rule

__all__ = ["DATA_RULES"]

_I = Certainty.IMPLIED


def _storage() -> Iterable[Rule]:
    yield any_rule(
        Cause.DISK_FULL,
        "",
        r"No space left on device|Disk quota exceeded|quota of .* is exceeded|space quota",
    )
    yield any_rule(
        Cause.DISK_FULL,
        (
            "DSQuotaExceededException NSQuotaExceededException "
            "DiskOutOfSpaceException QuotaExceededException"
        ),
    )
    yield any_rule(
        Cause.STORAGE_THROTTLED,
        "",
        (
            "SlowDown|Slow Down|reduce your request rate|RequestLimitExceeded"
            r"|Throttl|TooManyRequests|Status Code: 503|\b429\b|ServerBusy|Rate "
            "exceeded|over the account limit|rateLimitExceeded"
        ),
    )


def _access() -> Iterable[Rule]:
    yield any_rule(
        Cause.AUTHENTICATION_FAILED,
        "KerberosAuthException LoginException InvalidToken NoAuthWithAWSException SaslException"
        " AuthenticationException UnauthorizedException InvalidAlgorithmParameterException"
        " NoAwsCredentialsException CredentialInitializationException GSSException",
    )
    yield any_rule(
        Cause.AUTHENTICATION_FAILED,
        "",
        (
            "GSS initiate failed|token .*(?:expired|can't be found in cache)"
            "|ExpiredToken|InvalidAccessKeyId|SignatureDoesNotMatch|Unable to load "
            "(?:AWS )?credentials|no (?:valid )?credentials|401 Unauthorized"
            "|authentication failed|Access denied for user|InvalidClientTokenId"
        ),
    )
    yield any_rule(
        Cause.OUTPUT_PATH_NOT_WRITABLE,
        "",
        (
            "Mkdirs failed to create|Read-only file system|mkdir of .* failed"
            "|Failed to create .*director|(?:Parent path|parent) is not a directory"
        ),
    )
    yield any_rule(
        Cause.PERMISSION_DENIED,
        "AccessControlException AccessDeniedException AuthorizationException",
    )
    yield python_rule(Cause.PERMISSION_DENIED, "PermissionError")
    yield any_rule(
        Cause.PERMISSION_DENIED,
        "",
        r"Permission denied|Access ?Denied|403 Forbidden|Status Code: 403|not authorized to",
    )


def _paths() -> Iterable[Rule]:
    yield any_rule(
        Cause.OUTPUT_ALREADY_EXISTS,
        "FileAlreadyExistsException TableAlreadyExistsException TempTableAlreadyExistsException",
        None,
        _I,
    )
    yield any_rule(
        Cause.OUTPUT_ALREADY_EXISTS, "", r"(?:path|directory|table|view) \S+ already exists", _I
    )
    yield any_rule(
        Cause.INPUT_PATH_MISSING,
        "",
        r"(?:Input path|Path) does not exist|Input Pattern .* matches 0 files",
    )
    yield any_rule(
        Cause.INPUT_PATH_MISSING, "", r"It is possible the underlying files have been updated", _I
    )


def _services() -> Iterable[Rule]:
    yield any_rule(
        Cause.METASTORE_UNAVAILABLE,
        "",
        (
            "SessionHiveMetaStoreClient|Could not connect to meta ?store"
            "|HiveMetaStoreClient|Metastore.*(?:connect|unavail)"
        ),
    )
    yield any_rule(Cause.METASTORE_UNAVAILABLE, "MetaException", None, _I)
    yield any_rule(Cause.KAFKA_OFFSETS_LOST, "OffsetOutOfRangeException")
    yield any_rule(
        Cause.KAFKA_OFFSETS_LOST,
        "",
        r"not available in Kafka any more|Some data may have been lost|data may have been aged out",
    )
    yield any_rule(
        Cause.NETWORK_UNREACHABLE,
        (
            "ConnectException UnknownHostException NoRouteToHostException "
            "ConnectTimeoutException SocketTimeoutException "
            "HttpHostConnectException PortUnreachableException "
            "ConnectionTimeoutException NoBrokersAvailable CommunicationsException "
            "AnnotatedConnectException"
        ),
    )
    yield python_rule(
        Cause.NETWORK_UNREACHABLE,
        (
            "ConnectionRefusedError ConnectTimeout gaierror NewConnectionError "
            "MaxRetryError ConnectTimeoutError EndpointConnectionError "
            "ConnectionResetError ConnectionError"
        ),
    )
    yield any_rule(
        Cause.NETWORK_UNREACHABLE,
        "",
        (
            "Connection refused|Connection reset|UnknownHost|Communications link "
            "failure|Name or service not known|timed out.*describeTopics"
        ),
    )


def _tables() -> Iterable[Rule]:
    yield any_rule(
        Cause.CONCURRENT_COMMIT_CONFLICT,
        (
            "ConcurrentAppendException ConcurrentDeleteReadException "
            "ConcurrentDeleteDeleteException ConcurrentTransactionException "
            "ConcurrentWriteException MetadataChangedException "
            "ProtocolChangedException CommitFailedException "
            "CommitStateUnknownException HoodieWriteConflictException"
        ),
    )
    yield any_rule(
        Cause.CONCURRENT_COMMIT_CONFLICT,
        "",
        (
            "Found conflicting (?:files|deletes)|concurrent (?:update|modification"
            "|commit)s? (?:to|of|detected)"
        ),
        _I,
    )
    yield any_rule(
        Cause.EXTERNAL_DATABASE_ERROR,
        (
            "SQLException PSQLException SQLServerException SQLSyntaxErrorException "
            "BatchUpdateException SQLIntegrityConstraintViolationException "
            "SQLTimeoutException SQLRecoverableException"
        ),
        None,
        _I,
    )


def _formats() -> Iterable[Rule]:
    yield any_rule(
        Cause.CORRUPT_INPUT_FILE,
        "",
        (
            "is not a (?:Parquet|Avro|ORC) file|not a Parquet file|Malformed ORC"
            "|Not an? (?:Avro )?data file|Not in GZIP format|incorrect (?:header"
            "|data) check|unexpected end of (?:block|stream|ZLIB)|CRC|checksum"
        ),
    )
    yield any_rule(
        Cause.CORRUPT_INPUT_FILE,
        (
            "ParquetDecodingException FileFormatException ChecksumException "
            "ZipException BlockMissingException CorruptedFileException"
        ),
        None,
        _I,
    )
    yield any_rule(
        Cause.SCHEMA_MISMATCH,
        "SchemaColumnConvertNotSupportedException AvroTypeException SchemaParseException",
    )
    yield any_rule(
        Cause.SCHEMA_MISMATCH,
        "",
        (
            "Parquet column cannot be converted|schema mismatch|Failed to merge "
            "(?:incompatible|fields)|Unable to infer schema|cannot accept object"
            "|Found duplicate column|Unable to create Parquet converter"
        ),
    )
    yield python_rule(Cause.SCHEMA_MISMATCH, "ArrowInvalid ArrowTypeError", None, _I)


def _values() -> Iterable[Rule]:
    yield any_rule(
        Cause.STREAMING_STATE_INCOMPATIBLE, "StateSchemaNotCompatible StateStoreSchemaNotCompatible"
    )
    yield any_rule(
        Cause.STREAMING_STATE_INCOMPATIBLE,
        "",
        (
            "schema for existing state|sources in the checkpoint offsets|state "
            "store.*(?:incompatible|does not match)|stateful operator.*(?:metadata"
            "|match)"
        ),
    )
    yield any_rule(
        Cause.DATA_ERROR,
        (
            "SparkArithmeticException SparkNumberFormatException "
            "SparkDateTimeException SparkArrayIndexOutOfBoundsException "
            "SparkUpgradeException BadRecordException MalformedInputException"
        ),
    )
    yield any_rule(Cause.DATA_ERROR, "", r"Malformed records are detected|MALFORMED_RECORD", _I)
    yield any_rule(
        Cause.SQL_ANALYSIS_ERROR,
        "AnalysisException ExtendedAnalysisException ParseException NoSuchFunctionException",
        None,
        _I,
    )
    yield any_rule(
        Cause.TABLE_NOT_FOUND,
        "NoSuchTableException NoSuchDatabaseException NoSuchNamespaceException NoSuchViewException",
    )


DATA_RULES: tuple[Rule, ...] = (
    *_storage(),
    *_access(),
    *_paths(),
    *_services(),
    *_tables(),
    *_formats(),
    *_values(),
)
