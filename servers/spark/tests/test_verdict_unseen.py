"""Real runs that the rules were not written from: half of them were seen by nobody who did."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

import pytest

from dragoman_spark.diagnosis import diagnosed
from dragoman_spark.eventlog.summaries import Summaries
from dragoman_spark.report import Diagnosis
from dragoman_spark.sources import LogRoot, Sources
from dragoman_spark.verdict import Cause, Confidence

CORPUS = Path(__file__).parent / "corpus_more"
LATER = 1_800_000_000_000
C = Cause


class Row(TypedDict):
    """What is known of a run from outside its logs."""

    run: str
    outcome: str
    cause: str
    also_right: NotRequired[list[str]]


ROWS: list[Row] = json.loads((CORPUS / "truth.json").read_text())

WORDS: Mapping[str, frozenset[Cause]] = {
    "ambiguous_column": frozenset({C.SQL_ANALYSIS_ERROR}),
    "arithmetic_overflow": frozenset({C.DATA_ERROR}),
    "broadcast_timeout": frozenset({C.BROADCAST_TIMEOUT}),
    "broadcast_too_large": frozenset({C.BROADCAST_TOO_LARGE}),
    "class_not_found": frozenset({C.CLASS_NOT_FOUND}),
    "connection_refused": frozenset({C.NETWORK_UNREACHABLE}),
    "corrupt_input_file": frozenset({C.CORRUPT_INPUT_FILE}),
    "data_source_not_found": frozenset({C.CLASS_NOT_FOUND}),
    "datatype_mismatch": frozenset({C.SQL_ANALYSIS_ERROR}),
    "disk_full": frozenset({C.DISK_FULL}),
    "divide_by_zero": frozenset({C.DATA_ERROR}),
    "driver_cannot_bind": frozenset({C.INVALID_CONFIGURATION, C.NETWORK_UNREACHABLE}),
    "driver_heap_oom": frozenset({C.DRIVER_HEAP_OOM}),
    "driver_killed": frozenset({C.VANISHED_CAUSE_NOT_IN_LOGS, C.DRIVER_STOPPED}),
    "driver_result_too_large": frozenset({C.DRIVER_RESULT_TOO_LARGE}),
    "driver_terminated": frozenset({C.DRIVER_STOPPED}),
    "execution_memory_exhausted": frozenset({C.EXECUTOR_MEMORY_UNIFIED_EXHAUSTED}),
    "executor_exit_by_user_code": frozenset({C.EXECUTOR_EXIT_BY_USER_CODE}),
    "executor_heap_oom": frozenset({C.EXECUTOR_HEAP_OOM}),
    "executor_heartbeat_timeout": frozenset({C.EXECUTOR_HEARTBEAT_TIMEOUT}),
    "executor_killed_by_os": frozenset({C.EXECUTOR_KILLED_BY_OS}),
    "executors_never_started": frozenset({C.RESOURCE_STARVATION}),
    "host_unreachable": frozenset({C.NETWORK_UNREACHABLE}),
    "input_file_vanished": frozenset({C.INPUT_PATH_MISSING}),
    "input_path_missing": frozenset({C.INPUT_PATH_MISSING}),
    "invalid_array_index": frozenset({C.DATA_ERROR}),
    "invalid_cast": frozenset({C.DATA_ERROR}),
    "invalid_configuration": frozenset({C.INVALID_CONFIGURATION}),
    "invalid_date": frozenset({C.DATA_ERROR}),
    "job_cancelled": frozenset({C.CANCELLED_BY_USER}),
    "kryo_buffer_overflow": frozenset({C.KRYO_BUFFER_OVERFLOW}),
    "library_version_conflict": frozenset({C.VERSION_CONFLICT}),
    "malformed_record": frozenset({C.DATA_ERROR, C.CORRUPT_INPUT_FILE}),
    "no_resources": frozenset({C.RESOURCE_STARVATION}),
    "numeric_out_of_range": frozenset({C.DATA_ERROR}),
    "output_path_exists": frozenset({C.OUTPUT_ALREADY_EXISTS}),
    "output_path_not_writable": frozenset({C.OUTPUT_PATH_NOT_WRITABLE, C.PERMISSION_DENIED}),
    "overwrite_of_input": frozenset({C.UNSUPPORTED_OPERATION, C.SQL_ANALYSIS_ERROR}),
    "parquet_schema_mismatch": frozenset({C.SCHEMA_MISMATCH}),
    "permission_denied": frozenset({C.PERMISSION_DENIED}),
    "python_memory_limit": frozenset({C.PYTHON_MEMORY_EXCEEDED}),
    "python_module_missing": frozenset({C.PYTHON_DEPENDENCY_MISSING}),
    "python_version_mismatch": frozenset({C.PYTHON_VERSION_MISMATCH}),
    "python_worker_killed": frozenset({C.PYTHON_WORKER_CRASHED}),
    "python_worker_segfault": frozenset({C.PYTHON_WORKER_SEGFAULT, C.PYTHON_WORKER_CRASHED}),
    "shuffle_data_corrupt": frozenset({C.SHUFFLE_DATA_LOST}),
    "shuffle_data_lost": frozenset({C.SHUFFLE_DATA_LOST}),
    "sql_syntax_error": frozenset({C.SQL_ANALYSIS_ERROR}),
    "stack_overflow": frozenset({C.STACK_OVERFLOW}),
    "streaming_checkpoint_incompatible": frozenset({C.STREAMING_STATE_INCOMPATIBLE}),
    "table_not_found": frozenset({C.TABLE_NOT_FOUND}),
    "task_not_serializable": frozenset({C.TASK_NOT_SERIALIZABLE}),
    "unknown": frozenset({C.UNKNOWN_FAILURE, C.VANISHED_CAUSE_NOT_IN_LOGS}),
    "unresolved_routine": frozenset({C.SQL_ANALYSIS_ERROR}),
    "user_code_exception": frozenset({C.USER_CODE_EXCEPTION}),
    "user_raised_error": frozenset({C.USER_RAISED_ERROR}),
}
"""What the truth calls a cause, and the words of the closed list that name it."""

UNDECIDABLE = {"job_19": "sys.exit(3) leaves the logs of a good end; only the exit status tells"}


@dataclass(frozen=True)
class Expected:
    outcome: str
    causes: frozenset[Cause | None]


@pytest.fixture(scope="module")
def verdict_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Diagnosis]:
    """Serves all runs under neutral names, without what was known from outside the logs."""
    root = tmp_path_factory.mktemp("unseen")
    for number, row in enumerate(ROWS):
        ignore = shutil.ignore_patterns("exit_code.txt")
        shutil.copytree(CORPUS / "runs" / row["run"], root / f"r{number:02}", ignore=ignore)
    for packed in root.glob("*/events/**/*.gz"):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    sources = Sources([LogRoot("logs", f"file://{root}")])
    found = {one.files[0].name.split("/")[1]: one for one in sources.find(limit=300).found}
    names = [row["run"] for row in ROWS]

    def given(name: str) -> Diagnosis:
        return diagnosed(found[f"r{names.index(name):02}"], sources, Summaries(), now=LATER)

    return given


@pytest.mark.parametrize("row", ROWS, ids=[row["run"] for row in ROWS])
def test_an_unseen_run_gets_its_outcome_and_its_cause(
    row: Row, verdict_of: Callable[[str], Diagnosis]
) -> None:
    name, right = row["run"], expected(row)

    given = verdict_of(name)

    if name in UNDECIDABLE:
        assert given.outcome_confidence is not Confidence.HIGH
    else:
        assert (given.outcome, given.cause in right.causes) == (right.outcome, True), given.cause


def expected(row: Row) -> Expected:
    words = [row["cause"], *row.get("also_right", [])]
    if row["outcome"] in {"succeeded", "mixed"}:
        return Expected(row["outcome"], frozenset({None}))
    return Expected(row["outcome"], frozenset(c for w in words for c in WORDS.get(w, ())))
