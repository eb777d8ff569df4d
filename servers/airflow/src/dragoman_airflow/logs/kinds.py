"""What well-known exception classes mean, by their names and the packages they come from."""

from dragoman_airflow.logs.causes import Cause

__all__ = ["BUILT_IN", "DATABASE", "DECISIVE", "HTTP", "OS_ERRORS", "kind_of"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _names(cause: Cause, names: str) -> dict[str, Cause]:
    return dict.fromkeys(names.split(), cause)


DECISIVE: dict[str, Cause] = {
    "AirflowTaskTimeout": Cause.TASK_TIMEOUT,
    "AirflowSensorTimeout": Cause.SENSOR_TIMEOUT,
    "AirflowTaskTerminated": Cause.KILLED,
    "AirflowSkipException": Cause.SKIPPED,
}
"""Airflow's own, which decide wherever they stand in a chain."""

OS_ERRORS = _words(
    """OSError IOError EnvironmentError BlockingIOError ChildProcessError ConnectionError
    BrokenPipeError ConnectionAbortedError ConnectionRefusedError ConnectionResetError
    FileExistsError FileNotFoundError InterruptedError IsADirectoryError NotADirectoryError
    PermissionError ProcessLookupError TimeoutError gaierror herror timeout error"""
)
HTTP = _words(
    """HTTPError HTTPStatusError ClientResponseError ApiException HttpError HttpResponseError
    HTTPException ResponseError BadStatusCode ServerResponseError GoogleAPICallError
    AirflowHttpException HttpProcessingError UnexpectedStatus RequestException"""
)
DATABASE = _words(
    """OperationalError ProgrammingError IntegrityError DataError InternalError DatabaseError
    InterfaceError NotSupportedError DBAPIError StatementError Error"""
)
BUILT_IN = _words(
    """ArithmeticError AssertionError AttributeError BaseException BufferError EOFError Exception
    IndexError KeyError LookupError NameError NotImplementedError OverflowError RecursionError
    ReferenceError RuntimeError StopIteration StopAsyncIteration SystemError TypeError
    UnboundLocalError ValueError ZeroDivisionError"""
)

_ANYWHERE: dict[str, Cause] = {
    **_names(
        Cause.CODE_ERROR,
        """AttributeError IndexError KeyError LookupError NameError NotImplementedError
        OverflowError RecursionError ReferenceError StopIteration StopAsyncIteration SyntaxError
        IndentationError TabError TypeError UnboundLocalError ValueError ZeroDivisionError
        SyntaxErrorOrAccessRuleViolation GroupingError AmbiguousColumn DatatypeMismatch""",
    ),
    **_names(Cause.FAILED_CHECK, "AssertionError DataQualityException CheckError"),
    **_names(
        Cause.BAD_DATA,
        """UnicodeDecodeError UnicodeEncodeError UnicodeError JSONDecodeError ParserError
        EmptyDataError BadZipFile BadGzipFile LZMAError ReadError ArrowInvalid ArrowTypeError
        InvalidOperation SchemaError SchemaErrors DataError IntegrityError UniqueViolation
        NotNullViolation ForeignKeyViolation CheckViolation ExclusionViolation
        NumericValueOutOfRange InvalidTextRepresentation StringDataRightTruncation
        InvalidDatetimeFormat DatetimeFieldOverflow DivisionByZero BadCopyFileFormat
        OutOfBoundsDatetime DateParseError UnidentifiedImageError XMLSyntaxError ExpatError
        ScannerError AvroTypeException ComputeError""",
    ),
    **_names(
        Cause.MISSING_DEPENDENCY,
        """ModuleNotFoundError ImportError PackageNotFoundError DistributionNotFound
        AirflowOptionalProviderFeatureException""",
    ),
    **_names(
        Cause.MISSING_CONFIGURATION,
        """AirflowConfigException PoolNotFound ProfileNotFound NoRegionError ConnectionNotUnique
        NoSectionError NoOptionError ImproperlyConfigured""",
    ),
    **_names(Cause.INVALID_PARAMETER, "ParamValidationError ParamValidationException"),
    **_names(
        Cause.TEMPLATE_ERROR,
        """UndefinedError TemplateNotFound TemplatesNotFound TemplateSyntaxError
        TemplateAssertionError TemplateRuntimeError TemplateError""",
    ),
    **_names(
        Cause.MISSING_UPSTREAM_RESULT,
        """XComNotFound XComForMappingNotPushed UnmappableXComTypePushed
        UnmappableXComLengthPushed""",
    ),
    **_names(Cause.DAG_CHANGED, "DagNotFound TaskNotFound NodeNotFound DagCodeNotFound"),
    **_names(
        Cause.PERMISSION_DENIED,
        """PermissionError InsufficientPrivilege PermissionDenied AccessDeniedException
        AirflowSecretsBackendAccessDenied AccessControlException AuthorizationException""",
    ),
    **_names(
        Cause.AUTHENTICATION_FAILED,
        """NoCredentialsError PartialCredentialsError CredentialRetrievalError TokenRetrievalError
        UnauthorizedSSOTokenError SSOTokenLoadError DefaultCredentialsError RefreshError
        ClientAuthenticationError CredentialUnavailableError AuthenticationException
        AuthenticationError AuthenticationFailed BadAuthenticationType PasswordRequiredException
        BadHostKeyException SMTPAuthenticationError InvalidPassword Unauthenticated Unauthorized
        InvalidAuthorizationSpecification KerberosError TokenExpiredError""",
    ),
    **_names(
        Cause.NOT_FOUND,
        """FileNotFoundError NotADirectoryError UndefinedTable UndefinedColumn UndefinedObject
        UndefinedFunction InvalidCatalogName InvalidSchemaName NoSuchTableError NoSuchColumnError
        NoSuchKey NoSuchBucket ResourceNotFoundError ResourceNotFoundException NoSuchModuleError
        FileNotFoundException NoSuchTableException NoSuchDatabaseException""",
    ),
    **_names(
        Cause.CONFLICT,
        """FileExistsError ResourceExistsError AlreadyExists DagRunAlreadyExists DeadlockDetected
        SerializationFailure LockNotAvailable DuplicateTable DuplicateObject DuplicateColumn
        StaleDataError ConcurrentModificationException CommitFailedException LockTimeout
        TaskAlreadyRunningError ObjectInUse""",
    ),
    **_names(
        Cause.RATE_LIMITED,
        "TooManyRequests ResourceExhausted RateLimitError ThrottlingException SlowDown",
    ),
    **_names(
        Cause.SERVICE_UNREACHABLE,
        """ConnectionError ConnectionRefusedError ConnectionResetError ConnectionAbortedError
        BrokenPipeError gaierror herror NewConnectionError MaxRetryError ConnectTimeout
        ConnectTimeoutError ReadTimeout ReadTimeoutError ConnectError ReadError WriteError
        ProxyError SSLError SSLCertVerificationError SSLEOFError SSLZeroReturnError
        NameResolutionError ProtocolError RemoteProtocolError ChunkedEncodingError IncompleteRead
        RemoteDisconnected ClientConnectorError ClientConnectionError ClientOSError
        ServerDisconnectedError ServerTimeoutError ClientConnectorDNSError URLError
        EndpointConnectionError ConnectionClosedError ServiceRequestError ServiceResponseError
        ServiceUnavailable AdminShutdown CannotConnectNow ConnectionFailure ConnectionDoesNotExist
        CrashShutdown NoValidConnectionsError SSHException NoBrokersAvailable KafkaTimeoutError
        ServerSelectionTimeoutError NetworkTimeout AutoReconnect SMTPConnectError
        SMTPServerDisconnected SMTPHeloError TrinoConnectionError PoolTimeout""",
    ),
    **_names(
        Cause.SERVICE_ERROR,
        """InternalServerError BadGateway GatewayTimeout ServerError Trino503Error Trino502Error
        ServiceUnavailableError""",
    ),
    **_names(
        Cause.OPERATION_TIMEOUT,
        """TimeoutExpired TimeoutError timeout QueryCanceled DeadlineExceeded TaskDeferralTimeout
        WaiterError CancelledError ResultTimeout PoolTimeoutError""",
    ),
    **_names(Cause.OUT_OF_DISK, "DiskFull"),
    **_names(
        Cause.OUT_OF_MEMORY,
        "MemoryError OutOfMemoryError OutOfMemory ArrowMemoryError _ArrayMemoryError",
    ),
    **_names(Cause.RESOURCE_LIMIT, "TooManyConnections ConfigurationLimitExceeded"),
    **_names(Cause.COMMAND_FAILED, "CalledProcessError SystemExit"),
    **_names(Cause.KILLED, "KeyboardInterrupt WorkerLostError TerminatedWorkerError"),
    **_names(Cause.CRASHED, "BrokenProcessPool"),
    **_names(
        Cause.EXTERNAL_JOB_FAILED,
        """Py4JJavaError AnalysisException SparkException StreamingQueryException
        PythonException PodLaunchFailedException PodReconciliationError TrinoUserError
        TrinoQueryError TrinoExternalError TrinoInternalError TrinoInsufficientResourcesError
        PrestoUserError PrestoQueryError PrestoExternalError PrestoInternalError
        PrestoInsufficientResourcesError ExternalTaskFailedError ExternalTaskGroupFailedError
        ExternalDagFailedError DbtCloudJobRunException TaskDeferralError AwaitInputError""",
    ),
    **_names(Cause.EXPLICIT_FAILURE, "AirflowFailException"),
}
_OF_PACKAGE: dict[str, dict[str, Cause]] = {
    "google": {
        "Forbidden": Cause.PERMISSION_DENIED,
        "NotFound": Cause.NOT_FOUND,
        "Conflict": Cause.CONFLICT,
        "BadRequest": Cause.REQUEST_REJECTED,
        "InvalidArgument": Cause.REQUEST_REJECTED,
    },
    "pydantic": {"ValidationError": Cause.BAD_DATA},
    "pydantic_core": {"ValidationError": Cause.BAD_DATA},
    "jsonschema": {"ValidationError": Cause.BAD_DATA},
    "marshmallow": {"ValidationError": Cause.BAD_DATA},
    "pandera": {"SchemaError": Cause.BAD_DATA},
    "_csv": {"Error": Cause.BAD_DATA},
    "csv": {"Error": Cause.BAD_DATA},
    "zlib": {"error": Cause.BAD_DATA},
    "struct": {"error": Cause.BAD_DATA},
    "binascii": {"Error": Cause.BAD_DATA},
    "redis": {"TimeoutError": Cause.SERVICE_UNREACHABLE},
    "socket": {"TimeoutError": Cause.SERVICE_UNREACHABLE, "timeout": Cause.SERVICE_UNREACHABLE},
    "ssl": {"TimeoutError": Cause.SERVICE_UNREACHABLE, "timeout": Cause.SERVICE_UNREACHABLE},
    "http": {"TimeoutError": Cause.SERVICE_UNREACHABLE},
}


def kind_of(name: str, package: str) -> Cause | None:
    """The cause that a class names, where its own package gives it a meaning first."""
    return _OF_PACKAGE.get(package, {}).get(name) or _ANYWHERE.get(name)
