"""The fast reader against a plain one that parses every line whole."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zstandard

from dragoman_spark.eventlog.facts import Application
from dragoman_spark.eventlog.read import read_application, read_line
from dragoman_spark.eventlog.tasks import Histogram, buckets_of, edge
from dragoman_spark.sources import Found, LogRoot, Sources
from dragoman_spark.sources.codecs import decode
from dragoman_spark.sources.files import LogFile
from dragoman_spark.sources.layout import arrange

CORPUS = Path(__file__).parent / "corpus"
RUNS = sorted(folder.name for folder in CORPUS.iterdir() if folder.is_dir())


def found_in(folder: Path) -> Found:
    (found,) = Sources([LogRoot("logs", str(folder))]).find().found
    return found


def plain(file: LogFile) -> bytes:
    decoded = decode(file)
    step, data = bytearray(1 << 16), bytearray()
    while count := decoded.readinto(memoryview(step)):
        data += step[:count]
    decoded.close()
    return bytes(data)


def events_of(found: Found) -> Iterator[dict[str, Any]]:
    for file in arrange(found.files).events:
        for line in plain(file).splitlines():
            yield json.loads(line)


def stage_sums(events: list[dict[str, Any]]) -> dict[tuple[int, int], Counter[str]]:
    sums: dict[tuple[int, int], Counter[str]] = {}
    for event in events:
        if event["Event"] != "SparkListenerTaskEnd":
            continue
        into = sums.setdefault((event["Stage ID"], event["Stage Attempt ID"]), Counter())
        reason = event["Task End Reason"]["Reason"]
        kinds = {"Success": "succeeded", "TaskKilled": "killed", "TaskCommitDenied": "killed"}
        into[kinds.get(reason, "failed")] += 1
        into["speculative"] += event["Task Info"]["Speculative"]
        metrics = event.get("Task Metrics")
        if metrics is None:
            continue
        into["run_ms"] += metrics["Executor Run Time"]
        into["cpu_ns"] += metrics["Executor CPU Time"]
        into["gc_ms"] += metrics["JVM GC Time"]
        into["result_bytes"] += metrics["Result Size"]
        into["peak"] = max(into["peak"], metrics["Peak Execution Memory"])
        into["spill"] += metrics["Memory Bytes Spilled"] + metrics["Disk Bytes Spilled"]
        read = metrics["Shuffle Read Metrics"]
        into["read_bytes"] += read["Remote Bytes Read"] + read["Local Bytes Read"]
        into["read_records"] += (
            read["Total Records Read"] + metrics["Input Metrics"]["Records Read"]
        )
        into["input_bytes"] += metrics["Input Metrics"]["Bytes Read"]
        into["written"] += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
        into["output"] += metrics["Output Metrics"]["Records Written"]
    return sums


def facts_sums(facts: Application) -> dict[tuple[int, int], Counter[str]]:
    return {
        (key.id, key.attempt): Counter(
            {
                "succeeded": stage.succeeded,
                "failed": stage.failed,
                "killed": stage.killed,
                "speculative": stage.speculative,
                "run_ms": stage.sums.run_ms,
                "cpu_ns": stage.sums.cpu_ns,
                "gc_ms": stage.sums.gc_ms,
                "result_bytes": stage.sums.result_bytes,
                "peak": stage.sums.peak_memory_bytes,
                "spill": stage.sums.memory_spill_bytes + stage.sums.disk_spill_bytes,
                "read_bytes": stage.sums.shuffle_read_bytes,
                "read_records": stage.sums.shuffle_read_records + stage.sums.input_records,
                "input_bytes": stage.sums.input_bytes,
                "written": stage.sums.shuffle_write_bytes,
                "output": stage.sums.output_records,
            }
        )
        for key, stage in facts.stages.items()
    }


def spans(events: list[dict[str, Any]]) -> dict[tuple[int, int], list[int]]:
    """Durations of successful tasks by stage attempt."""
    found: dict[tuple[int, int], list[int]] = {}
    for event in events:
        if event["Event"] == "SparkListenerTaskEnd":
            info = event["Task Info"]
            if event["Task End Reason"]["Reason"] == "Success":
                key = (event["Stage ID"], event["Stage Attempt ID"])
                found.setdefault(key, []).append(info["Finish Time"] - info["Launch Time"])
    return found


@dataclass(frozen=True)
class Parsed:
    found: Found
    events: list[dict[str, Any]]


@pytest.fixture(scope="module", params=RUNS)
def parsed(request: pytest.FixtureRequest) -> Parsed:
    """A run of the corpus, every line of it parsed whole, once for all tests."""
    found = found_in(CORPUS / request.param)
    return Parsed(found, list(events_of(found)))


def test_sums_of_every_stage_equal_those_of_a_full_parse(parsed: Parsed) -> None:
    events = parsed.events

    facts = read_application(parsed.found.files)

    assert facts.events == Counter(event["Event"] for event in events)
    expected = {key: +value for key, value in stage_sums(events).items()}
    assert {key: +value for key, value in facts_sums(facts).items() if +value} == expected


def test_histograms_and_slowest_tasks_equal_those_of_a_full_parse(parsed: Parsed) -> None:
    expected = spans(parsed.events)

    stages = read_application(parsed.found.files).stages

    for key, durations in expected.items():
        stage = next(stage for at, stage in stages.items() if tuple(at) == key)
        assert stage.durations.counts == Counter(buckets_of(durations))
        assert [task.duration_ms for task in stage.slowest] == sorted(durations)[::-1][:5]


def test_jobs_failures_and_executors_equal_those_of_a_full_parse(parsed: Parsed) -> None:
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for event in parsed.events:
        by_kind.setdefault(event["Event"].removeprefix("SparkListener"), []).append(event)

    facts = read_application(parsed.found.files)

    results = {
        event["Job ID"]: event["Job Result"]["Result"] for event in by_kind.get("JobEnd", [])
    }
    assert {
        job.id: f"Job{job.result.capitalize()}" for job in facts.jobs.values() if job.ended
    } == (results)
    ends = [event["Task End Reason"]["Reason"] for event in by_kind.get("TaskEnd", [])]
    groups: Counter[str] = Counter()
    for group in facts.failures:
        groups[group.reason_text] += group.count
    assert groups == Counter(reason for reason in ends if reason != "Success")
    removed = {event["Executor ID"] for event in by_kind.get("ExecutorRemoved", [])}
    assert {one.id for one in facts.executors.values() if one.removed_at} == removed


def test_every_place_opens_to_the_line_it_was_taken_from(parsed: Parsed) -> None:
    found = parsed.found
    facts = read_application(found.files)
    files = {file.name: file for file in found.files}
    texts = {name: plain(file).split(b"\n") for name, file in files.items() if file.size}
    places = [job.started_at for job in facts.jobs.values()]
    places += [task.place for stage in facts.stages.values() for task in stage.slowest[:1]]
    places += [task.place for group in facts.failures for task in group.sample]
    places += [facts.started_at, facts.last and facts.last.place]

    for place in places[:20]:
        assert place is not None
        line = read_line(files[place.file], place)
        assert line == texts[place.file][place.line - 1]


def test_a_log_written_with_other_spacing_gives_the_same_facts(tmp_path: Path) -> None:
    found = found_in(CORPUS / "executor_lost_recovered")
    spaced = b"".join(json.dumps(event).encode() + b"\n" for event in events_of(found))
    (tmp_path / found.app_id).write_bytes(spaced)

    facts = read_application(found_in(tmp_path).files)

    original = read_application(found.files)
    assert facts_sums(facts) == facts_sums(original)
    assert facts.events == original.events
    assert [group.count for group in facts.failures] == [group.count for group in original.failures]


def test_a_quantile_is_right_within_a_sixteenth() -> None:
    values = [0, 1, 7, 31, 32, 33, 1_000, 15_077, 160_000_000, 2**40 + 12_345]

    for value in values:
        low = Histogram(Counter(buckets_of([value]))).quantile(0.5)
        assert low is not None
        assert value * 15 / 16 <= low <= value
        assert buckets_of([edge(bucket) for bucket in buckets_of([value])]) == buckets_of([value])


def test_an_unknown_event_is_counted_and_skipped(
    rewritten: Callable[[Callable[[bytes], bytes]], Found],
) -> None:
    odd = b'{"Event":"org.example.Audit","x":[1,{"Event":"SparkListenerJobEnd"}]}\n'

    facts = read_application(rewritten(lambda text: odd + text + odd).files)

    assert facts.events["org.example.Audit"] == 2
    assert not facts.damage


@pytest.fixture
def rewritten(tmp_path: Path) -> Callable[[Callable[[bytes], bytes]], Found]:
    """Changes the text of a real log and gives the application as it is found then."""

    def change(how: Callable[[bytes], bytes]) -> Found:
        found = found_in(CORPUS / "udf_exception")
        text = how(plain(arrange(found.files).events[0]))
        (tmp_path / f"{found.app_id}.zstd").write_bytes(zstandard.compress(text))
        return found_in(tmp_path)

    return change
