import gzip
import io

import pytest

from dragoman_spark.logs.digest import Digest, read_log
from dragoman_spark.logs.layouts import Level, read_head, read_time
from dragoman_spark.logs.records import Kind
from dragoman_spark.sources.files import LogFile


def log(text: str | bytes, name: str = "logs/driver.stderr") -> LogFile:
    data = text.encode() if isinstance(text, str) else text
    return LogFile(name, len(data), 0, lambda: io.BytesIO(data))


def digest(text: str | bytes) -> Digest:
    return read_log(log(text))


@pytest.mark.parametrize(
    "line",
    [
        "26/11/24 19:09:11 ERROR Executor: it broke",
        "2026-11-24 19:09:11,123 ERROR [main] o.a.s.executor.Executor - it broke",
        "2026-11-24T19:09:11.123Z ERROR Executor: it broke",
        "[2026-11-24T19:09:11.123+00:00] [ERROR] [task-1] Executor - it broke",
        "2026-11-24 19:09:11 [task-1] ERROR org.apache.spark.executor.Executor [] - it broke",
        "19:09:11.123 [main] ERROR Executor - it broke",
        "ERROR Executor: it broke",
        "[ERROR] 2026-11-24 19:09:11 Executor: it broke",
    ],
)
def test_common_layouts_give_level_and_message(line: str) -> None:
    head = read_head(line)

    assert head is not None
    assert head.level is Level.ERROR
    assert head.message == "it broke"
    assert head.logger.endswith("Executor")


@pytest.mark.parametrize(
    "line",
    ["\tat org.apache.X.y(Z.java:1)", "Caused by: java.io.IOException", "error in words", ""],
)
def test_a_line_without_a_head_continues_the_record_before(line: str) -> None:
    assert read_head(line) is None


def test_times_are_read_with_their_zone() -> None:
    assert read_time("2026-11-24T19:09:11.5+02:00") == read_time("26/11/24 17:09:11,500")


def test_records_that_differ_in_numbers_are_one_group_with_first_and_last_place() -> None:
    text = "".join(
        f"26/11/24 19:09:{n:02} WARN TaskSetManager: Lost task {n}.0: java.io.IOException: {n}\n"
        "\tat a.B.c(D.java:7)\n"
        for n in range(30)
    )

    (group,) = digest(text).groups

    assert (group.count, group.first.line, group.last.line) == (30, 1, 59)
    assert text.encode()[group.last.offset :].startswith(b"26/11/24 19:09:29")


def test_a_structured_record_has_its_trace_and_keys_match_in_any_case() -> None:
    line = (
        '{"TS":"2026-11-24T19:57:23.343Z","Level":"ERROR","Msg":"it broke","Logger":"Executor",'
        '"exception":{"class":"a.b.BadThing","msg":"no","stacktrace":[{"class":"a.B","method":"c",'
        '"file":"B.java","line":5}]}}\n'
    )

    (group,) = digest(line).groups

    assert group.chain[-1].name == "a.b.BadThing"
    assert group.chain[-1].frames[0].line == 5


def test_gzip_gives_offsets_of_the_plain_bytes() -> None:
    text = b"26/11/24 19:09:10 INFO A: fine\n26/11/24 19:09:11 ERROR B: bad\n"

    (group,) = digest(gzip.compress(text)).groups

    assert text[group.first.offset :].startswith(b"26/11/24 19:09:11 ERROR")


def test_a_final_traceback_has_nothing_after_it_and_a_reported_one_has() -> None:
    trace = 'Traceback (most recent call last):\n  File "/a.py", line 1, in <module>\nKeyError: 1\n'

    (final,) = digest("starting\n" + trace).printed
    (reported,) = digest(trace + "using defaults instead\n").printed

    assert (final.kind, final.trailing) == (Kind.TRACEBACK, 0)
    assert reported.trailing == 1


def test_the_statement_that_a_spark_error_quotes_is_a_part_of_the_traceback() -> None:
    trace = (
        'Traceback (most recent call last):\n  File "/a.py", line 1, in <module>\n'
        "pyspark.errors.exceptions.captured.ArithmeticException: [DIVIDE_BY_ZERO] Division.\n"
        "== SQL (line 1, position 8) ==\nselect a / b\nfrom orders\n       ^^^^^\n\n"
    )

    (final,) = digest(trace).printed

    assert final.trailing == 0


@pytest.mark.parametrize(
    "data", [b"", b"\x00\xff" * 5_000, b"x" * 5_000_000, b'{"level":\n', b"\n" * 1_000]
)
def test_any_bytes_can_be_read(data: bytes) -> None:
    assert digest(data).dropped == 0


def test_groups_are_bounded_and_what_is_dropped_is_counted() -> None:
    text = "".join(
        f"26/11/24 19:09:11 ERROR A: {'x' * (n % 25)}{'y' * (n // 25)} failed\n" for n in range(500)
    )

    found = digest(text)

    assert (len(found.groups), found.dropped) == (400, 100)
