"""Logs that are cut, broken, foreign or hostile: what is whole is read, what is not is named."""

import io
import os
import random
from pathlib import Path

import pytest
import zstandard

from dragoman_spark.eventlog.facts import Application
from dragoman_spark.eventlog.places import DamageKind, Place
from dragoman_spark.eventlog.read import NotAnEventLog, PlaceGone, read_application, read_line
from dragoman_spark.sources.files import LogFile, LogUnreadable

CORPUS = Path(__file__).parent / "corpus"
BAD = b'{"Event":"SparkListenerTaskEnd","Stage ID":"x"}\n'


@pytest.fixture
def rounds() -> int:
    return 1_000 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 40


def log(data: bytes, name: str = "logs/app-20261124190913-0000") -> LogFile:
    return LogFile(name, len(data), 1, lambda: io.BytesIO(data))


def packed(run: str) -> bytes:
    (file,) = (CORPUS / run).glob("events/*/events_1_*")
    return file.read_bytes()


def text_of(run: str) -> bytes:
    stream = zstandard.ZstdDecompressor().stream_reader(packed(run), read_across_frames=True)
    return stream.read()


def kinds(facts: Application) -> list[DamageKind]:
    return [one.kind for one in facts.damage]


def complete(text: bytes) -> int:
    """Events that are whole: every line but a last one without its newline."""
    return text.count(b"\n")


@pytest.mark.proof
@pytest.mark.parametrize(
    "run", ["udf_exception", "connect", "streaming", "executor_lost_recovered"]
)
def test_a_text_cut_anywhere_loses_no_whole_event(run: str, rounds: int) -> None:
    text = text_of(run)
    draw = random.Random(run)
    sizes = [draw.randrange(20, len(text)) for _ in range(rounds)]

    for size in sizes:
        facts = _unless_nothing(log(text[:size]))
        whole = complete(text[:size])
        assert facts is None or sum(facts.events.values()) in {whole, whole + 1}
        assert facts is not None or whole == 0


@pytest.mark.proof
@pytest.mark.parametrize("run", ["udf_exception", "small_files"])
def test_compressed_data_cut_anywhere_loses_no_event_before_the_cut(run: str, rounds: int) -> None:
    data = packed(run)
    draw = random.Random(run)

    for size in (draw.randrange(len(data)) for _ in range(rounds)):
        stream = zstandard.ZstdDecompressor().stream_reader(data[:size], read_across_frames=True)
        facts = read_application([log(data[:size])])
        assert sum(facts.events.values()) >= complete(stream.read())


@pytest.mark.proof
def test_garbage_anywhere_raises_nothing_but_what_is_documented(rounds: int) -> None:
    text = text_of("fetch_failure")
    draw = random.Random(7)

    for _ in range(rounds):
        broken = bytearray(text)
        for _ in range(20):
            at = draw.randrange(len(broken))
            broken[at : at + draw.randrange(4)] = draw.randbytes(draw.randrange(4))
        facts = read_application([log(bytes(broken))])
        assert sum(facts.events.values()) <= broken.count(b"\n") + 1


@pytest.mark.parametrize("size", [0, 1, 3, 9, 10, 30])
def test_compressed_data_cut_before_its_first_event_is_a_log_that_was_cut(size: int) -> None:
    facts = read_application([log(packed("udf_exception")[:size])])

    assert not facts.events
    assert (DamageKind.CUT_FRAME in kinds(facts)) == (size > 0)


@pytest.mark.parametrize("size", [1, 9, 12, 50])
def test_a_first_line_that_is_cut_is_a_log_that_was_cut(size: int) -> None:
    facts = read_application([log(text_of("udf_exception")[:size])])

    assert kinds(facts) == [DamageKind.CUT_LINE]


def test_a_cut_last_line_is_named_with_its_place() -> None:
    text = text_of("healthy")
    whole = text[: text.rfind(b"\n", 0, 200_000) + 1]

    facts = read_application([log(whole + b'{"Event":"SparkListenerJobEnd","Jo')])

    (damage,) = facts.damage
    assert damage.kind is DamageKind.CUT_LINE
    assert damage.place == Place(facts.files[0], len(whole), whole.count(b"\n") + 1)


def test_a_last_event_that_only_lacks_its_newline_counts() -> None:
    facts = read_application([log(text_of("healthy").rstrip(b"\n"))])

    assert facts.ended
    assert not facts.damage


@pytest.mark.parametrize(
    "line",
    [
        BAD,
        b"not json\n",
        b'{"Event":"SparkListenerJobEnd","Job ID":\n',
        b"\xff\xfe\x00\n",
        b"[" * 9_999 + b"\n",
    ],
    ids=["wrong type", "no json", "cut", "not utf-8", "deep"],
)
def test_a_bad_line_is_skipped_and_named_and_the_rest_is_read(line: bytes) -> None:
    text = text_of("healthy")
    middle = text.find(b"\n", 150_000) + 1

    facts = read_application([log(text[:middle] + line + text[middle:])])

    (damage,) = facts.damage
    assert (damage.kind, damage.count) == (DamageKind.BAD_LINE, 1)
    assert damage.place
    assert damage.place.offset == middle
    assert facts.ended
    assert len(facts.jobs) == 5


def test_one_bad_task_end_does_not_lose_those_around_it() -> None:
    text = text_of("small_files")
    lines = text.splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if n > 300 and b"SparkListenerTaskEnd" in line[:40])
    broken = lines[at].replace(b'"Executor Run Time":', b'"Executor Run Time":x')

    facts = read_application([log(b"".join([*lines[:at], broken, *lines[at + 1 :]]))])

    tasks = text.count(b'{"Event":"SparkListenerTaskEnd"')
    assert sum(stage.succeeded for stage in facts.stages.values()) == tasks - 1
    assert kinds(facts) == [DamageKind.BAD_LINE]


def test_a_line_of_five_megabytes_is_read() -> None:
    text = text_of("udf_exception")
    big = b'{"Event":"SparkListenerJobEnd","Job ID":77,"Completion Time":5,"Job Result":{"Result":'
    big += b'"JobFailed","Exception":{"Message":"boom ' + b"x" * 5_000_000 + b'"}}}\n'

    facts = read_application([log(text + big)])

    error = facts.jobs[77].error
    assert error
    assert error.startswith("boom xxx")
    assert len(error) == 64_000


def test_a_line_beyond_all_bounds_is_left_out_and_named() -> None:
    text = text_of("udf_exception")
    head = text[: text.find(b"\n") + 1]

    facts = read_application([log(head + b"x" * 40_000_000 + b"\n" + text[len(head) :])])

    assert kinds(facts) == [DamageKind.LONG_LINE]
    assert facts.damage[0].place
    assert facts.damage[0].place.offset == len(head)
    assert facts.ended
    assert read_line(log(text), Place("x", 0, 1)) == head[:-1]


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        b'{"a"',
        bytes(range(256)) * 40,
        b"hello\nworld\n",
        zstandard.compress(b"\0" * 1_000_000),
        b'{"a":1}\n',
    ],
    ids=["a word", "cut json", "binary", "text", "zeros", "other json"],
)
def test_what_is_no_event_log_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(NotAnEventLog, match="not a Spark event log"):
        read_application([log(data)])


def test_an_empty_log_is_an_application_that_said_nothing() -> None:
    facts = read_application([log(b"", "logs/app-20261124190913-0000.inprogress")])

    assert facts.id == "app-20261124190913-0000"
    assert facts.in_progress
    assert facts.last is None
    assert not facts.events


def test_another_application_in_the_same_file_is_named_and_not_mixed_in() -> None:
    facts = read_application([log(text_of("healthy") + text_of("udf_exception"))])

    assert facts.name == "orders_daily_agg"
    assert kinds(facts) == [DamageKind.SECOND_APPLICATION]
    assert all(job.error is None for job in facts.jobs.values())


def test_a_log_that_grows_while_it_is_read_ends_where_it_was_seen_to() -> None:
    text = text_of("driver_killed")
    seen = text.rfind(b"\n", 0, 150_000) + 1
    file = LogFile("logs/app-1.inprogress", seen, 1, lambda: io.BytesIO(text))

    facts = read_application([file])

    assert sum(facts.events.values()) == complete(text[:seen])
    assert kinds(facts) == [DamageKind.GREW]


def test_a_log_that_shrinks_while_it_is_read_is_told() -> None:
    text = text_of("healthy")

    facts = read_application([LogFile("logs/app-1", len(text) + 5, 1, lambda: io.BytesIO(text))])

    assert kinds(facts) == [DamageKind.SHRANK]


def test_a_store_that_fails_in_mid_read_is_refused_in_words() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError
            return super().read(size)

    text = text_of("healthy")

    with pytest.raises(LogUnreadable, match="ask again"):
        read_application([LogFile("logs/app-1", len(text), 1, lambda: Failing(text))])


@pytest.mark.parametrize("offset", [1, 40, 10**9])
def test_a_place_where_no_line_begins_is_refused(offset: int) -> None:
    with pytest.raises(PlaceGone):
        read_line(log(text_of("healthy")), Place("x", offset, 1))


def test_a_log_of_many_kinds_of_failure_stays_bounded() -> None:
    text = text_of("udf_exception")
    failed = next(line for line in text.splitlines() if b'"ExceptionFailure"' in line)
    word = b"ZeroDivisionError"
    many = b"".join(
        failed.replace(word, word + "abcdefghij"[n % 10].encode() * (1 + n // 10)) + b"\n"
        for n in range(400)
    )

    facts = read_application([log(text + many)])

    assert len(facts.failures) == 200
    assert facts.overflow > 100
    assert sum(len(group.trace) for group in facts.failures) <= 2_000_000


def _unless_nothing(file: LogFile) -> Application | None:
    try:
        return read_application([file])
    except NotAnEventLog:
        return None
