"""Results that outlive their call: whole, owned, and honest about a keeper that died."""

import errno
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.elicitation.proposal import Person
from dragoman_presto.results.handle import Handles, NoSuchResult
from dragoman_presto.results.store import End, Head, ResultStore, StoreFault

ALICE, BOB = Person("https://idp.test", "alice"), Person("https://idp.test", "bob")
FOREVER = 4e9


def in_a_minute() -> float:
    return time.time() + 60


def filled(folder: Path, sizes: tuple[int, ...] = (3, 2), expires: float = FOREVER) -> ResultStore:
    store = ResultStore(str(folder))
    store.begin(
        "r1", Head("20260101_000000_00000_aaaaa", "prod", "SELECT 1", (("n", "bigint"),), expires)
    )
    number = 0
    for page, size in enumerate(sizes):
        store.add("r1", page, [[number + row] for row in range(size)])
        number += size
    return store


@given(st.lists(st.integers(1, 5), max_size=5), st.integers(0, 30), st.integers(0, 30))
def test_a_window_of_rows_is_the_same_however_they_were_paged(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], first: int, count: int
) -> None:
    store = filled(tmp_path_factory.mktemp("results"), tuple(sizes))
    kept = store.look("r1")
    assert kept is not None

    rows = store.rows("r1", kept, first, count)

    assert rows == [[n] for n in range(sum(sizes))][first : first + count]


def test_values_come_back_exactly_as_they_were_sent(tmp_path: Path) -> None:
    store = ResultStore(str(tmp_path))
    store.begin("r1", Head("q", "prod", "SELECT 1", (("v", "varchar"),), FOREVER))
    sent = [[2**63 - 1], ["NaN"], ["0.10"], [None], [{"a": [1, None]}], ["\x00 \u2028"]]
    store.add("r1", 0, sent)
    kept = store.look("r1")
    assert kept is not None

    assert store.rows("r1", kept, 0, 9) == sent


def test_a_result_without_an_end_whose_keeper_is_silent_is_lost(tmp_path: Path) -> None:
    store = filled(tmp_path)
    growing = store.look("r1")
    lost = ResultStore(str(tmp_path), in_a_minute).look("r1")

    assert growing is not None
    assert lost is not None
    assert growing.end is None
    assert lost.end is not None
    assert (lost.end.state, lost.rows) == ("lost", 5)


def test_a_result_that_ended_stays_so_after_its_keeper_is_gone(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.end("r1", End("finished", rows=5))
    kept = ResultStore(str(tmp_path), in_a_minute).look("r1")

    assert kept is not None
    assert kept.end == End("finished", rows=5)


def test_what_has_run_out_is_not_shown_and_swept_away(tmp_path: Path) -> None:
    store = filled(tmp_path, expires=1.0)

    assert store.look("r1") is None
    assert store.sweep() == 1
    assert list(tmp_path.iterdir()) == []


def test_a_result_that_is_just_being_begun_is_not_swept_away(tmp_path: Path) -> None:
    (tmp_path / "r2").mkdir()

    assert ResultStore(str(tmp_path)).sweep() == 0
    assert (tmp_path / "r2").is_dir()


def test_a_full_store_says_so_without_its_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left", str(tmp_path))

    monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.mv", full)
    with pytest.raises(StoreFault, match="it is full") as told:
        store.add("r1", 2, [[1]])

    assert str(tmp_path) not in str(told.value)
    kept = store.look("r1")
    assert kept is not None
    assert kept.rows == 5


def test_a_handle_opens_for_its_owner_and_whatever_case_their_name_has() -> None:
    handles = Handles(b"k" * 32)
    result_id = handles.new_id()
    handle = handles.seal(result_id, ALICE)

    assert handles.open(handle, Person("https://idp.test", "ALICE")) == result_id
    assert len(handle) == 28


def test_attack_a_handle_of_another_person_key_or_making_opens_nothing() -> None:
    handles = Handles(b"k" * 32)
    result_id = handles.new_id()
    handle = handles.seal(result_id, ALICE)
    other = Handles(b"x" * 32).seal(result_id, BOB)
    flipped = [handle[:n] + ("A" if handle[n] != "A" else "B") + handle[n + 1 :] for n in range(28)]

    for forged in [handle, other, handle[:-1], handle + "A", "", "é" * 28, "!" * 28, *flipped]:
        with pytest.raises(NoSuchResult):
            handles.open(forged, BOB)
    for forged in flipped:
        with pytest.raises(NoSuchResult):
            handles.open(forged, ALICE)
