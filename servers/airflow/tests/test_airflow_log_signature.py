import os
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.logs.exceptions import Chain, Raised, frame_of
from dragoman_airflow.logs.signature import signature_of, template_of

ROUNDS = 2_000 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 60


def failure(message: str, name: str = "ValueError", function: str = "load") -> Chain:
    frame = frame_of("/opt/airflow/dags/orders.py", 12, function)
    return (Raised(Untrusted(name), Untrusted(message), (frame,)),)


VARYING = st.one_of(
    st.integers(0, 10**12).map(str),
    st.floats(0.001, 10**6, allow_nan=False).map(lambda number: f"{number:.3f}"),
    st.uuids().map(str),
    st.integers(16**7, 16**16).map(lambda number: f"0x{number:x}"),
    st.datetimes().map(lambda when: when.isoformat(sep=" ")),
    st.dates().map(str),
    st.integers(1, 99_999).map(lambda number: f"/data/run={number}/part-{number:05d}.parquet"),
    st.integers(1, 9_999).map(lambda number: f"{number} ms"),
    st.integers(1, 9_999).map(lambda number: f"https://api.example/orders/{number}?page={number}"),
)
KINDS = st.sampled_from(
    [
        st.integers(0, 10**12).map(str),
        st.uuids().map(str),
        st.integers(16**7, 16**16).map(lambda number: f"0x{number:x}"),
        st.datetimes().map(lambda when: when.isoformat(timespec="seconds")),
        st.dates().map(str),
        st.integers(1, 99_999).map(lambda n: f"/data/run={n}/part-{n:05d}.parquet"),
        st.integers(1, 9_999).map(lambda number: f"{number} ms"),
        st.integers(1, 9_999).map(lambda n: f"https://api.example/orders/{n}?page={n}"),
        st.integers(1, 9_999).map(lambda number: f"s3://lake/raw/{number}.csv"),
    ]
)
TEMPLATES = st.sampled_from(
    [
        "batch {} has no currency",
        "cannot read {}",
        "order {} was seen twice (first in {})",
        "device press-7 reports '{}'",
        "timed out after {}",
        "[{}] is not a date",
    ]
)


@pytest.mark.proof
@settings(max_examples=ROUNDS, deadline=None, derandomize=True)
@given(template=TEMPLATES, kind=KINDS, data=st.data())
def test_failures_that_differ_in_what_varies_are_the_same(
    template: str, kind: st.SearchStrategy[str], data: st.DataObject
) -> None:
    one, two = (
        template.format(data.draw(kind), data.draw(kind)),
        template.format(data.draw(kind), data.draw(kind)),
    )

    assert signature_of(failure(one)) == signature_of(failure(two))


WORDS = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=9), min_size=1, max_size=6
).map(" ".join)


@pytest.mark.proof
@settings(max_examples=ROUNDS, deadline=None, derandomize=True)
@given(one=WORDS, two=WORDS, value=VARYING)
def test_failures_that_say_different_words_are_different(one: str, two: str, value: str) -> None:
    assume(one != two)

    assert signature_of(failure(f"{one} {value}")) != signature_of(failure(f"{two} {value}"))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (failure("x"), failure("x", "KeyError")),
        (failure("x"), failure("x", function="store")),
        (failure("exit code 1"), failure("exit code 137")),
        (failure("[Errno 2] /a/b"), failure("[Errno 13] /a/b")),
        (failure("404 Client Error: /x/1"), failure("403 Client Error: /x/1")),
        (failure("'alice'", "KeyError"), failure("'bob'", "KeyError")),
        (failure("x"), (*failure("x"), *failure("outer"))),
    ],
)
def test_failures_of_another_kind_place_or_code_are_different(one: Chain, two: Chain) -> None:
    assert signature_of(one) != signature_of(two)


def test_the_line_and_the_qualified_name_are_no_part_of_it() -> None:
    frame = frame_of("/srv/other/place/orders.py", 99, "load")
    moved = (Raised(Untrusted("acme.errors.BatchRejected"), Untrusted("b 1"), (frame,)),)

    assert signature_of(moved) == signature_of(failure("b 2", "BatchRejected"))


def test_what_varies_is_shown_by_a_mark_of_its_kind() -> None:
    said = f"row 12 of /data/a=1/b.csv at 2026-11-25 04:04:09 in 3.2 s, id {UUID(int=7)}, errno 5"

    assert template_of(said) == "row <n> of <path> at <time> in <span>, id <id>, errno 5"
