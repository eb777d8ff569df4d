"""What lies outside a root is never opened, however it is asked for."""

import os
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from fsspec.implementations.memory import (  # pyright: ignore[reportMissingTypeStubs]  # no types
    MemoryFileSystem,
)

from dragoman_spark.sources import LogRoot, LogUnreadable, Sources
from dragoman_spark.sources.roots import open_root

SECRET = b"outside"


def put(files: Mapping[str, bytes]) -> None:
    """Fills fsspec's in-memory store, which all of one process share, with just these files."""
    store = MemoryFileSystem()
    store.store.clear()
    for path, data in files.items():
        store.pipe_file(path, data)  # pyright: ignore[reportUnknownMemberType]  # no types


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "logs-other").mkdir()
    (tmp_path / "logs-other" / "file").write_bytes(SECRET)
    inner = tmp_path / "logs"
    (inner / "run").mkdir(parents=True)
    (inner / "run" / "driver.stderr").write_bytes(b"inside")
    return inner


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "run/../../secret",
        "/etc/passwd",
        "//etc/passwd",
        "..",
        "../logs-other/file",
        "run\\..\\..\\secret",
        "run/driver.stderr\0.txt",
        "./../secret",
    ],
)
def test_a_path_out_of_the_root_is_refused(root: Path, path: str) -> None:
    local = open_root(LogRoot("logs", str(root)))

    with pytest.raises(LogUnreadable, match="outside"):
        local.open(path)
    with pytest.raises(LogUnreadable):
        Sources([LogRoot("logs", str(root))]).file(f"logs/{path}")


@pytest.mark.parametrize("target", ["../secret", "../logs-other", "/etc"])
def test_a_link_out_of_the_root_is_neither_listed_nor_opened(root: Path, target: str) -> None:
    (root / "link").symlink_to(target)
    local = open_root(LogRoot("logs", str(root)))

    assert [entry.base for entry in local.entries("")] == ["run"]
    for path in ("link", "link/file", "link/passwd"):
        with pytest.raises(LogUnreadable):
            local.open(path)


def test_a_link_that_stays_inside_is_followed(root: Path) -> None:
    (root / "link").symlink_to("run")

    with closing(open_root(LogRoot("logs", str(root))).open("link/driver.stderr")) as source:
        assert source.read(9) == b"inside"


def test_a_link_swapped_again_and_again_never_shows_what_is_outside(root: Path) -> None:
    local = open_root(LogRoot("logs", str(root)))
    (root / "good").write_bytes(b"inside")
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            for target in ("good", "../secret"):
                (root / "next").symlink_to(target)
                (root / "next").replace(root / "file")

    swapper = threading.Thread(target=swap)
    swapper.start()
    seen: set[bytes] = set()
    for _ in range(2_000):
        try:
            source = local.open("file")
        except LogUnreadable:
            continue
        seen.add(source.read(20))
        source.close()
    done.set()
    swapper.join()

    assert seen <= {b"inside"}


def test_a_pipe_is_refused_and_does_not_hang(root: Path) -> None:
    os.mkfifo(root / "pipe")
    local = open_root(LogRoot("logs", str(root)))

    with pytest.raises(LogUnreadable):
        local.open("pipe")
    assert [entry.base for entry in local.entries("")] == ["run"]


def test_a_folder_is_no_file_and_a_missing_file_says_what_to_do(root: Path) -> None:
    sources = Sources([LogRoot("logs", f"file://{root}")])

    with pytest.raises(LogUnreadable, match="folder"):
        sources.file("logs/run")
    with pytest.raises(LogUnreadable, match="Find the application again"):
        sources.file("logs/run/none")
    with pytest.raises(LogUnreadable, match="Roots are: logs"):
        sources.file("other/run")


def test_a_refusal_does_not_tell_where_the_root_lies(root: Path) -> None:
    with pytest.raises(LogUnreadable) as refusal:
        Sources([LogRoot("logs", str(root))]).file("logs/none")

    assert str(root) not in str(refusal.value)


def test_a_link_in_a_circle_is_refused(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")

    with pytest.raises(LogUnreadable):
        open_root(LogRoot("logs", str(root))).open("a")


def test_other_stores_are_read_through_the_same_door() -> None:
    put({"/bucket/logs/run/driver.stderr": b"inside", "/bucket/secret": SECRET})
    sources = Sources([LogRoot("cloud", "memory://bucket/logs")])

    file = sources.file("cloud/run/driver.stderr")

    assert (file.size, file.open().read(9)) == (6, b"inside")
    for path in ("cloud/../secret", "cloud/run/../../secret", "cloud//bucket/secret"):
        with pytest.raises(LogUnreadable):
            sources.file(path)


def test_a_root_that_is_gone_is_named_and_the_others_are_searched(root: Path) -> None:
    (root / "app-20260101000000-0001").write_bytes(b'{"Event":"SparkListenerLogStart"}\n')
    roots = [LogRoot("gone", str(root / "none")), LogRoot("logs", str(root))]

    listing = Sources(roots).find()

    assert listing.unreachable == ("gone",)
    assert {found.app_id for found in listing.found} == {"app-20260101000000-0001", "run"}
