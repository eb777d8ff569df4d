"""Values as exact as Presto has them, in JSON that every reader parses to the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman_presto.engine.kinds import Kind, UnknownKind, read_kind
from dragoman_presto.engine.pages import Column
from dragoman_presto.engine.values import LARGEST, exact_rows

# Types and values as Presto 0.287 and 0.296 write them.
EXACT = [
    ("bigint", 9007199254740993, "9007199254740993"),
    ("bigint", -9007199254740993, "-9007199254740993"),
    ("bigint", LARGEST, LARGEST),
    ("tinyint", 5, 5),
    ("decimal(38,10)", "1.5000000000", "1.5000000000"),
    ("double", "NaN", "NaN"),
    ("double", "-Infinity", "-Infinity"),
    ("double", 1e300, 1e300),
    ("real", 0.1, 0.1),
    ("varbinary", "AP8=", "AP8="),
    ("varchar(25)", "[1, 2]", "[1, 2]"),
    ("varchar", "NaN", "NaN"),
    ("json", '{"a":12345678901234567890}', '{"a":12345678901234567890}'),
    ("boolean", True, True),
    ("unknown", None, None),
    ("timestamp with time zone", "2020-01-01 00:00:00.000 UTC", "2020-01-01 00:00:00.000 UTC"),
    ("row(a bigint,b varchar)", '[ 9007199254740993, "x" ]', {"a": "9007199254740993", "b": "x"}),
    ("row(integer,integer)", "[ 1, 2 ]", [1, 2]),
    ("row(a integer,a integer)", "[ 1, 2 ]", [1, 2]),
    ('row("b ""c" bigint)', "[ 1 ]", {'b "c': 1}),
    ("row(t timestamp with time zone)", '[ "2020 UTC" ]', {"t": "2020 UTC"}),
    ("row(timestamp with time zone)", '[ "2020 UTC" ]', ["2020 UTC"]),
    ("map(integer,bigint)", '{\n  "1" : 9007199254740993\n}', {"1": "9007199254740993"}),
    ("map(row(integer,integer),varbinary)", '{"[ 1, 2 ]": "AQ=="}', {"[ 1, 2 ]": "AQ=="}),
    ("array(array(double))", '[ "[ 1.0 ]", "[ \\"NaN\\" ]", null ]', [[1.0], ["NaN"], None]),
    ("array(array(double))", [[1.0], ["NaN"], None], [[1.0], ["NaN"], None]),
    ("row(a bigint)", {"a": 2**60}, {"a": str(2**60)}),
    ("array(varchar)", '[ "[ 1 ]" ]', ["[ 1 ]"]),
    ("array(bigint)", "not JSON", "not JSON"),
    ("array(bigint)", "[" * 100_000, "[" * 100_000),
    ("row(a bigint,b bigint)", "[ 1 ]", [1]),
    ("(((", "[ 1 ]", "[ 1 ]"),
    ("HyperLogLog", "AgwBAIADRAA=", "AgwBAIADRAA="),
]


@pytest.mark.parametrize(("kind", "wire", "exact"), EXACT)
def test_a_value_stays_exact(kind: str, wire: Any, exact: Any) -> None:
    ((value,),) = exact_rows([Column("x", kind)], [[wire]])

    assert value == exact
    assert type(value) is type(exact)


def test_null_stays_null_and_other_columns_stay_as_they_are() -> None:
    columns = [Column("a", "array(bigint)"), Column("b", "varchar")]

    assert exact_rows(columns, [[None, "x"], ["[ 1 ]", None]]) == [[None, "x"], [[1], None]]


names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True) | st.text(
    st.characters(min_codepoint=32, max_codepoint=1000), min_size=1, max_size=8
)
leaves = st.sampled_from(
    ["bigint", "varchar", "double", "timestamp with time zone", "interval day to second", "json"]
).map(Kind)


def rows_of(inside: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    fields = st.lists(st.tuples(names, inside), min_size=1, max_size=3)
    return fields.map(
        lambda pairs: Kind("row", tuple(k for _, k in pairs), tuple(n for n, _ in pairs))
    )


kinds = st.recursive(
    leaves,
    lambda inside: st.one_of(
        rows_of(inside),
        inside.map(lambda one: Kind("array", (one,))),
        st.tuples(leaves, inside).map(lambda pair: Kind("map", pair)),
    ),
    max_leaves=8,
)


def written(kind: Kind) -> str:
    """The type as Presto writes it, with every name quoted."""
    if kind.name == "row":
        pairs = zip(kind.fields, kind.inside, strict=True)
        quoted = [f'"{name.replace(chr(34), chr(34) * 2)}" {written(one)}' for name, one in pairs]
        return f"row({','.join(quoted)})"
    inside = ",".join(written(one) for one in kind.inside)
    return f"{kind.name}({inside})" if inside else kind.name


@given(kinds)
def test_every_type_reads_back_as_it_was_written(kind: Kind) -> None:
    assert read_kind(written(kind)) == kind


@given(st.text(max_size=60))
def test_text_that_is_no_type_never_breaks_the_reading(text: str) -> None:
    try:
        read = read_kind(text)
    except UnknownKind:
        return

    assert isinstance(read.name, str)


def test_a_type_nested_a_thousand_times_is_refused() -> None:
    with pytest.raises(UnknownKind):
        read_kind("array(" * 1000 + "bigint" + ")" * 1000)


plain = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5)
values = st.recursive(
    plain | st.floats(allow_nan=False, allow_infinity=False),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3)
    ),
    max_leaves=8,
)


@given(kind=kinds, value=values, as_text=st.booleans())
def test_whatever_presto_sends_becomes_json_without_a_number_that_readers_round(
    kind: Kind, value: Any, *, as_text: bool
) -> None:
    wire = json.dumps(value) if as_text else value

    text = json.dumps(exact_rows([Column("x", written(kind))], [[wire]]), allow_nan=False)

    whole: list[int] = []
    json.loads(text, parse_int=lambda digits: whole.append(int(digits)))
    assert all(abs(number) <= LARGEST for number in whole)
