"""Applications and their logs are found, whatever the layout."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
import zstandard
from fsspec.implementations.memory import (  # pyright: ignore[reportMissingTypeStubs]  # no types
    MemoryFileSystem,
)

from dragoman.errors import BadInput
from dragoman_spark.eventlog.summaries import Summaries
from dragoman_spark.sources import Found, LogRoot, Sources

CORPUS = Path(__file__).parent / "corpus"
APP = "app-20260101000000-0001"
OTHER = "app-20260101000000-0002"


def events(name: str, app_id: str, attempt: str | None = None) -> bytes:
    extra = f',"App Attempt ID":"{attempt}"' if attempt else ""
    return (
        '{"Event":"SparkListenerLogStart","Spark Version":"3.5.9"}\n'
        f'{{"Event":"SparkListenerApplicationStart","App Name":"{name}","App ID":"{app_id}",'
        f'"Timestamp":1,"User":"u"{extra}}}\n'
        '{"Event":"SparkListenerApplicationEnd","Timestamp":2}\n'
    ).encode()


def tree(root: Path, files: Mapping[str, bytes]) -> Sources:
    for age, (path, data) in enumerate(files.items()):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
        os.utime(root / path, (1_000_000 + age, 1_000_000 + age))
    return Sources([LogRoot("logs", str(root))])


def put(files: Mapping[str, bytes]) -> None:
    """Fills fsspec's in-memory store, which all of one process share, with just these files."""
    store = MemoryFileSystem()
    store.store.clear()
    for path, data in files.items():
        store.pipe_file(path, data)  # pyright: ignore[reportUnknownMemberType]  # no types


def only(sources: Sources) -> Found:
    (found,) = sources.find().found
    return found


def test_all_runs_of_the_corpus_are_found_with_their_names() -> None:
    listing = Sources([LogRoot("runs", str(CORPUS))]).find(limit=100)

    assert listing.total == len(listing.found) == 29
    assert all(found.name for found in listing.found)
    assert [found.app_id for found in listing.found if found.in_progress] == [
        "app-20261124194318-0000"
    ]


def test_every_log_of_the_corpus_belongs_to_its_own_run() -> None:
    sources = Sources([LogRoot("runs", str(CORPUS))])

    for found in sources.find(limit=100).found:
        logs = sources.logs(found)
        run = found.folder.split("/")[0]
        assert logs.executors is not None
        files = [*logs.driver, *logs.others, *(f for part in logs.executors.values() for f in part)]
        assert {file.name.split("/")[1] for file in files} <= {run}
        on_disk = (CORPUS / run).glob("executors/*/stderr*")
        assert set(logs.executors) == {path.parent.name for path in on_disk}
        assert len(logs.driver) == len(list((CORPUS / run).glob("driver.*")))


def test_the_newest_come_first_and_no_more_than_asked_for(tmp_path: Path) -> None:
    files = {f"app-20260101000000-{n:04}": events(f"job{n}", "") for n in range(30)}

    listing = tree(tmp_path, files).find(limit=3)

    assert [found.name for found in listing.found] == ["job29", "job28", "job27"]
    assert listing.total == 30
    with pytest.raises(BadInput, match="at least 1"):
        tree(tmp_path, files).find(limit=0)


def test_two_applications_in_one_folder_are_two(tmp_path: Path) -> None:
    sources = tree(
        tmp_path,
        {
            f"events/events_1_{APP}": events("one", APP),
            f"events/events_2_{APP}": b"",
            f"events/events_1_{OTHER}": events("two", OTHER),
            f"events/appstatus_{OTHER}.inprogress": b"",
        },
    )

    found = {one.app_id: one for one in sources.find().found}

    assert {key: (one.name, len(one.files), one.in_progress) for key, one in found.items()} == {
        APP: ("one", 2, False),
        OTHER: ("two", 2, True),
    }


def test_every_attempt_is_found_by_the_application_id_alone(tmp_path: Path) -> None:
    app = "application_1700000000000_0007"
    sources = tree(
        tmp_path,
        {
            f"{app}_1": events("job", app, "1"),
            f"eventlog_v2_{app}_2/events_1_{app}_2.zstd": zstandard.compress(
                events("job", app, "2")
            ),
            f"eventlog_v2_{app}_2/appstatus_{app}_2": b"",
            f"{OTHER}": events("other", OTHER),
        },
    )

    attempts = sources.find(app_id=app).found

    assert [(one.attempt_id, one.name) for one in attempts] == [("2", "job"), ("1", "job")]


def test_a_finished_log_is_preferred_to_its_copy_in_progress(tmp_path: Path) -> None:
    sources = tree(
        tmp_path, {f"{APP}.inprogress": events("job", APP)[:100], APP: events("job", APP)}
    )

    facts = Summaries().application(only(sources))

    assert facts.ended
    assert not facts.in_progress
    assert facts.exit_code is None
    assert not facts.damage


def test_a_log_with_an_unusual_name_is_recognised_by_what_it_holds(tmp_path: Path) -> None:
    sources = tree(
        tmp_path,
        {
            "nightly-export": events("export", "driver-77"),
            "notes": b"no events here",
            "stdout": events("printed", APP),
            "picture": bytes(range(256)),
        },
    )

    found = only(sources)

    assert (found.app_id, found.name) == ("driver-77", "export")


def test_text_is_searched_in_names_and_ids_of_any_case(tmp_path: Path) -> None:
    sources = tree(tmp_path, {APP: events("Nightly Rollup", APP), OTHER: events("ads", OTHER)})

    assert [one.name for one in sources.find(text="rollup").found] == ["Nightly Rollup"]
    assert [one.name for one in sources.find(text="0002").found] == ["ads"]
    assert not sources.find(text="nothing").found


def test_standalone_workers_logs_are_found_by_application_and_executor(tmp_path: Path) -> None:
    sources = tree(
        tmp_path,
        {
            f"events/{APP}": events("job", APP),
            f"events/{OTHER}": events("other", OTHER),
            f"work/{APP}/0/stderr": b"a",
            f"work/{APP}/0/stdout": b"a",
            f"work/{APP}/1/stderr.gz": b"a",
            f"work/{OTHER}/0/stderr": b"b",
            f"{APP}-driver.log": b"d",
        },
    )
    (found,) = sources.find(app_id=APP).found

    logs = sources.logs(found)

    assert logs.executors
    assert {key: len(files) for key, files in logs.executors.items()} == {"0": 2, "1": 1}
    assert [file.name for file in logs.driver] == [f"logs/{APP}-driver.log"]


def test_yarn_containers_logs_are_found_and_the_first_is_the_drivers(tmp_path: Path) -> None:
    app = "application_1700000000000_0007"
    container = "container_1700000000000_0007_01_00000"
    sources = tree(
        tmp_path,
        {
            f"spark-events/{app}_1": events("job", app, "1"),
            f"userlogs/{app}/{container}1/stderr": b"d",
            f"userlogs/{app}/{container}2/stderr": b"e",
            f"userlogs/{app}0/{container}2/stderr": b"x",
        },
    )

    (found,) = sources.find(app_id=app).found

    logs = sources.logs(found)

    assert [file.name.split("/")[-2] for file in logs.driver] == [f"{container}1"]
    assert list(logs.executors or {}) == [f"{container}2"]


def test_logs_beside_events_that_applications_share_belong_to_none(tmp_path: Path) -> None:
    sources = tree(
        tmp_path,
        {
            f"events/{APP}": events("one", APP),
            f"events/{OTHER}": events("two", OTHER),
            "driver.stderr": b"whose?",
            "executors/0/stderr": b"whose?",
        },
    )

    for found in sources.find().found:
        logs = sources.logs(found)
        assert (logs.driver, logs.executors) == ((), {})


def test_logs_in_another_root_are_found_by_the_applications_id(tmp_path: Path) -> None:
    put({f"/worker-logs/{APP}/executor-3/stderr": b"e", f"/worker-logs/{APP}/driver/log.txt": b""})
    tree(tmp_path, {APP: events("job", APP)})
    sources = Sources([LogRoot("events", str(tmp_path)), LogRoot("work", "memory://worker-logs")])

    logs = sources.logs(only(sources))

    assert logs.executors
    assert [file.name for file in logs.executors["3"]] == [f"work/{APP}/executor-3/stderr"]


def test_a_finished_application_is_read_once_while_its_files_stay(tmp_path: Path) -> None:
    sources = tree(tmp_path, {APP: events("job", APP)})
    kept = Summaries(limit=1)

    first = kept.application(only(sources))
    again = kept.application(only(sources))
    tree(tmp_path, {APP: events("renamed", APP)})
    changed = kept.application(only(sources))

    assert again is first
    assert changed.name == "renamed"


def test_a_running_application_is_read_anew(tmp_path: Path) -> None:
    sources = tree(tmp_path, {f"{APP}.inprogress": events("job", APP)})
    kept = Summaries()

    assert kept.application(only(sources)) is not kept.application(only(sources))
