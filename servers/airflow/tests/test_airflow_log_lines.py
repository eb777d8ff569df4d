import json
from hashlib import sha256

import pytest
from airflow_log_samples import JSON, NDJSON, TEXT, ndjson, record
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman_airflow.logs.layouts import Level
from dragoman_airflow.logs.lines import LogDecoder, LogLine


def decoded(data: bytes, content_type: str, step: int = 7) -> tuple[list[LogLine], LogDecoder]:
    decoder = LogDecoder(content_type)
    lines = [
        line for at in range(0, len(data), step) for line in decoder.feed(data[at : at + step])
    ]
    return [*lines, *decoder.end()], decoder


TUPLES = st.lists(
    st.text(st.characters(exclude_characters="\r", exclude_categories=("Cs",)), max_size=60),
    min_size=1,
    max_size=3,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(texts=TUPLES, step=st.integers(1, 40), escaped=st.booleans())
def test_text_in_tuples_is_read_as_python_wrote_it(
    texts: list[str], step: int, *, escaped: bool
) -> None:
    content = str([(f"host{number}", text) for number, text in enumerate(texts)])
    body = json.dumps({"content": content, "continuation_token": None}, ensure_ascii=escaped)
    plain = "".join(f"host{number}\n{text}\n" for number, text in enumerate(texts)).encode()

    lines, _ = decoded(body.encode(), JSON, step)
    expected, _ = decoded(plain, TEXT)

    assert [line.raw.sha256 for line in lines] == [line.raw.sha256 for line in expected]
    assert [line.text for line in lines] == [line.text for line in expected]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    events=st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=40), max_size=6),
    step=st.integers(1, 60),
)
def test_records_in_json_are_those_of_ndjson(events: list[str], step: int) -> None:
    records = [json.loads(record(event, detail={"a": ["}", event]})) for event in events]
    body = json.dumps({"continuation_token": "x.y", "content": records, "other": {"z": [1]}})

    lines, decoder = decoded(body.encode(), JSON, step)
    expected, _ = decoded(ndjson(*map(json.dumps, records)), NDJSON)

    assert [(line.text, line.details) for line in lines] == [
        (line.text, line.details) for line in expected
    ]
    assert decoder.continuation_token == "x.y"


def test_every_layout_gives_time_level_and_logger_and_loses_its_colours() -> None:
    told = (
        "[2026-11-25T04:14:46.437+0000] {taskinstance.py:12} \x1b[31mERROR\x1b[0m - boom\n"
        "[2026-11-25 04:14:46,437] {{pod.py:3}} WARNING - careful\n"
        "2026-11-25T04:14:46.437000Z [info     ] Task started   [supervisor] dag_id=x\n"
        "2026-11-25 04:14:46,437 - acme.etl - CRITICAL - gone\n"
        "2026-11-25 04:14:46,437 DEBUG - detail\n"
        " INFO - ::group::Log message source details\n"
        "*** Found local files:\n"
    )

    lines, _ = decoded(told.encode(), TEXT)

    assert [(line.level, line.logger, line.text) for line in lines] == [
        (Level.ERROR, "taskinstance.py:12", "boom"),
        (Level.WARNING, "pod.py:3", "careful"),
        (Level.INFO, "supervisor", "Task started"),
        (Level.CRITICAL, "acme.etl", "gone"),
        (Level.DEBUG, "", "detail"),
        (Level.INFO, "", "::group::Log message source details"),
        (Level.NONE, "", "*** Found local files:"),
    ]
    assert lines[0].stamp == "2026-11-25T04:14:46.437+0000"
    assert not lines[-1].has_head


def test_a_remote_log_in_plain_text_inside_of_records_keeps_its_levels() -> None:
    said = "[2026-11-25T04:14:46.437+0000] {ingest.py:4} ERROR - no such sheet"

    lines, _ = decoded(ndjson(json.dumps({"timestamp": None, "event": said})), NDJSON)

    assert (lines[0].level, lines[0].logger, lines[0].text) == (
        Level.ERROR,
        "ingest.py:4",
        "no such sheet",
    )


def test_a_line_of_50_mb_is_kept_in_part_hashed_whole_and_counted() -> None:
    long = b"x" * 50_000_000

    lines, decoder = decoded(long + b"\nnext\n", TEXT, 1 << 20)

    assert [line.number for line in lines] == [1, 2]
    assert len(lines[0].text) < 40_000
    assert lines[0].raw.sha256 == sha256(long).hexdigest()
    assert decoder.counts.cut_lines == 1
    assert decoder.counts.cut_bytes > 49_000_000


def test_a_record_that_is_too_long_still_tells_its_event_and_exception() -> None:
    detail = [{"exc_type": "ValueError", "exc_value": "y" * 600_000, "frames": None}]
    line = record("Task failed with exception", "error", "task", error_detail=detail)

    lines, _ = decoded(ndjson(line), NDJSON, 1 << 16)

    assert lines[0].text == "Task failed with exception"
    assert lines[0].level is Level.ERROR
    assert lines[0].error_detail[0]["exc_type"] == "ValueError"


@pytest.mark.parametrize("cut", range(1, 60))
def test_half_a_last_record_is_told_and_never_an_error(cut: int) -> None:
    whole = ndjson(record("first"), record("second é ☃", note=["a", {"b": "c"}]))

    lines, decoder = decoded(whole[:-cut], NDJSON)

    assert lines[0].text == "first"
    assert len(lines) == 2
    assert not decoder.counts.ended


def test_invalid_utf8_and_what_is_no_json_are_read_as_text_and_counted() -> None:
    data = b"caf\xe9 \xff\n" + b'{"event": "fine", "level": "info"}\n<html>\n[1, 2]\n'

    lines, decoder = decoded(data, NDJSON)

    assert [line.text for line in lines] == ["caf\ufffd \ufffd", "fine", "<html>", "[1, 2]"]
    assert decoder.counts.undecodable == 1
    assert decoder.counts.not_json == 2


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.binary(max_size=300), kind=st.sampled_from([NDJSON, JSON, TEXT, "text/html"]))
def test_any_bytes_of_any_kind_are_read_without_an_error(data: bytes, kind: str) -> None:
    lines, decoder = decoded(data, kind)

    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert decoder.counts.size == len(data)


def test_numbers_go_on_where_the_page_before_ended() -> None:
    decoder = LogDecoder(NDJSON, first=42)

    lines = [*decoder.feed(ndjson(record("a"), "", record("b"))), *decoder.end()]

    assert [line.number for line in lines] == [42, 43]


def test_stderr_of_the_task_is_no_error_whatever_its_level() -> None:
    lines, _ = decoded(
        ndjson(record("10%|#", "error", "task.stderr"), record("x", "error")), NDJSON
    )

    assert [line.is_error for line in lines] == [False, True]
