"""What exceptions say about memory, limits of Spark, libraries and requests."""

from collections.abc import Iterable

from dragoman_spark.verdict.causes import Cause, Certainty
from dragoman_spark.verdict.rule import Rule, any_rule, python_rule

__all__ = ["PROCESS_RULES"]

_I = Certainty.IMPLIED


def _memory() -> Iterable[Rule]:
    yield any_rule(Cause.EXECUTOR_MEMORY_UNIFIED_EXHAUSTED, "SparkOutOfMemoryError")
    yield any_rule(
        Cause.EXECUTOR_MEMORY_UNIFIED_EXHAUSTED, "", r"Unable to acquire \d+ bytes of memory"
    )
    yield any_rule(
        Cause.OS_LIMIT_REACHED, "OutOfMemoryError", r"unable to create (?:new )?native thread"
    )
    yield any_rule(Cause.DRIVER_HEAP_OOM, "", r"Not enough memory to build and broadcast the table")
    yield any_rule(
        Cause.BROADCAST_TOO_LARGE,
        "",
        r"Cannot broadcast the table (?:that is larger|with more|over)",
    )
    yield any_rule(Cause.EXECUTOR_HEAP_OOM, "OutOfMemoryError")
    yield any_rule(
        Cause.EXECUTOR_HEAP_OOM, "", r"java\.lang\.OutOfMemoryError|GC overhead limit exceeded"
    )
    yield any_rule(Cause.OS_LIMIT_REACHED, "", r"Too many open files")
    yield any_rule(Cause.STACK_OVERFLOW, "StackOverflowError")
    yield python_rule(Cause.STACK_OVERFLOW, "RecursionError", certainty=_I)
    yield python_rule(Cause.PYTHON_MEMORY_EXCEEDED, "MemoryError ArrowMemoryError")
    yield Rule(
        Cause.PYTHON_WORKER_SEGFAULT, Certainty.STATED, frozenset({"Fatal Python error"}), None
    )


def _limits() -> Iterable[Rule]:
    yield any_rule(
        Cause.DRIVER_RESULT_TOO_LARGE,
        "",
        r"bigger than (?:local )?(?:max ?result|spark\.driver\.maxResultSize)",
    )
    yield any_rule(Cause.DRIVER_RESULT_TOO_LARGE, "", r"result size has exceeded maxResultSize")
    yield any_rule(Cause.BROADCAST_TIMEOUT, "", r"Could not execute broadcast in")
    yield any_rule(Cause.TASK_TOO_LARGE, "", r"exceeds max allowed: spark\.rpc\.message\.maxSize")
    yield any_rule(Cause.KRYO_BUFFER_OVERFLOW, "", r"Buffer overflow\. Available: ")
    yield any_rule(
        Cause.CODEGEN_TOO_LARGE,
        "",
        r"grows beyond 64 KB|Constant pool .* has grown past|code too large",
    )
    yield any_rule(
        Cause.CODEGEN_TOO_LARGE,
        "JaninoRuntimeException InternalCompilerException CompileException",
        None,
        _I,
    )
    yield any_rule(
        Cause.ENGINE_LIMIT_EXCEEDED, "", r"exceeds? size limitation|Cannot grow BufferHolder"
    )
    yield any_rule(
        Cause.TASK_NOT_SERIALIZABLE, "", r"Task not serializable|Class is not registered"
    )
    yield any_rule(Cause.TASK_NOT_SERIALIZABLE, "NotSerializableException PicklingError")
    yield any_rule(
        Cause.TASK_NOT_SERIALIZABLE,
        "",
        r"Could not serialize object|cannot (?:be )?pickle|Could not pickle",
    )
    yield any_rule(
        Cause.TASK_NOT_SERIALIZABLE,
        "",
        r"It appears that you are attempting to reference SparkContext",
    )


def _libraries() -> Iterable[Rule]:
    yield any_rule(Cause.USER_CODE_EXCEPTION, "", r"^(?:SyntaxError|IndentationError|TabError): ")
    yield any_rule(Cause.INPUT_PATH_MISSING, "", r"can't open file ", _I)
    yield python_rule(
        Cause.PYTHON_DEPENDENCY_MISSING,
        "ModuleNotFoundError ImportError PySparkImportError PackageNotFoundError",
    )
    yield any_rule(Cause.PYTHON_DEPENDENCY_MISSING, "", r"ModuleNotFoundError|No module named")
    yield any_rule(
        Cause.PYTHON_DEPENDENCY_MISSING, "", r'Cannot run program "[^"]*(?:python|conda|env)[^"]*"'
    )
    yield any_rule(
        Cause.PYTHON_VERSION_MISMATCH,
        "",
        r"Python in worker has different version|PYTHON_VERSION_MISMATCH",
    )
    yield any_rule(
        Cause.PYTHON_WORKER_CRASHED,
        "",
        r"Python worker (?:exited unexpectedly|failed to connect back|did not connect back)",
        _I,
    )
    yield any_rule(
        Cause.VERSION_CONFLICT,
        "",
        r"local class incompatible|SerializedLambda|has been compiled by a more recent version",
    )
    yield any_rule(
        Cause.VERSION_CONFLICT,
        (
            "NoSuchMethodError NoSuchFieldError AbstractMethodError "
            "IncompatibleClassChangeError IllegalAccessError "
            "UnsupportedClassVersionError InvalidClassException LinkageError "
            "VerifyError ClassFormatError BootstrapMethodError"
        ),
    )
    yield any_rule(
        Cause.CLASS_NOT_FOUND, "ClassNotFoundException NoClassDefFoundError UnsatisfiedLinkError"
    )
    yield any_rule(
        Cause.CLASS_NOT_FOUND,
        "",
        (
            "Failed to find (?:the )?data source|Failed to load class |No "
            "FileSystem for scheme|No suitable driver"
        ),
    )


def _requests() -> Iterable[Rule]:
    yield python_rule(Cause.CANCELLED_BY_USER, "KeyboardInterrupt")
    yield any_rule(
        Cause.CANCELLED_BY_USER,
        "",
        (
            "killed via the Web UI|cancelled job group|cancellation of job group"
            "|cancellation of jobs with tag|interrupted by user|cancelled by user"
        ),
    )
    yield any_rule(
        Cause.INVALID_CONFIGURATION,
        "",
        (
            "must be (?:at least|set|positive|one of|non-negative|in the "
            r"range)\b.*spark\.|spark\.[\w.]+ (?:should|must|is not|cannot)\b"
            r"|(?:Invalid value|Illegal value|invalid) .*spark\.[\w.]+|A master URL "
            r"must be set|Could not parse Master URL|System memory \d+ must be at "
            "least|above the max threshold|Unrecognized VM option|Could not create "
            "the Java Virtual Machine|Invalid (?:initial|maximum) heap size"
            "|initialization of VM|Unrecognized Hadoop major|Unrecognized option"
            "|Size must be specified as bytes|Time must be specified as seconds"
        ),
    )
    yield any_rule(
        Cause.INVALID_CONFIGURATION,
        "IllegalArgumentException NumberFormatException",
        r"\bspark\.[a-z]\w*\.",
        _I,
    )
    yield any_rule(Cause.INVALID_CONFIGURATION, "BindException", None, _I)
    yield any_rule(Cause.RESOURCE_STARVATION, "", r"has not accepted any resources")


PROCESS_RULES: tuple[Rule, ...] = (*_memory(), *_limits(), *_libraries(), *_requests())
