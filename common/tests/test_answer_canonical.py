import os
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.answer.canonical import Json, canonical, digest
from dragoman.errors import BadInput

ROUNDS = 5_000 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 100

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0.0, -0.0, 1.0, float("nan"), float("inf"), float("-inf"), "NaN"])
    | st.text(max_size=3)
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.proof
@settings(max_examples=ROUNDS * 2, deadline=None, derandomize=True)
@given(values, values)
def test_bytes_are_equal_exactly_where_the_json_is(one: Json, other: Json) -> None:
    assert (canonical(one) == canonical(other)) == (_as_written(one) == _as_written(other))


def test_known_values_have_their_rfc_8785_form() -> None:
    value: Json = {
        "€": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew",
        "1": "One",
        "😀": "Smiley",
        "ö": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
    }

    assert canonical(value).decode() == (
        '{"\\r":"Carriage Return","1":"One",'
        '"ö":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"€":"Euro Sign","😀":"Smiley","\ufb33":"Hebrew"}'
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2**53 + 1, b"9007199254740993"),
        (-(10**30), b"-1" + b"0" * 30),
        (float("nan"), b"NaN"),
        (float("-inf"), b"-Infinity"),
        ("\ud800", b'"\\ud800"'),
        (-0.0, b"0"),
    ],
)
def test_values_beyond_rfc_8785_have_one_form(value: Json, expected: bytes) -> None:
    assert canonical(value) == expected


def test_a_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [True]}) == digest({"b": [True], "a": 1.0})
    assert digest({"a": 1}) != digest({"a": True})


def test_what_is_nested_too_deep_is_refused_in_words() -> None:
    value: Json = []
    for _ in range(500):
        value = [value]

    with pytest.raises(BadInput, match="flatter"):
        canonical(value)


def test_a_number_too_long_to_write_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="digits"):
        canonical(10**5000)


def _as_written(value: Json) -> object:
    """What JSON text of the value denotes: numbers as decimals, kinds told apart."""
    match value:
        case None | bool() | str():
            return type(value).__name__, value
        case int():
            return "number", str(Decimal(value).normalize() if not value else Decimal(value))
        case float():
            return "number", _digits(value)
        case dict():
            return "object", {key: _as_written(item) for key, item in value.items()}
        case list():
            return "array", [_as_written(item) for item in value]
        case _:
            raise AssertionError(value)


def _digits(value: float) -> str:
    written = Decimal(repr(value))
    if not written.is_finite():
        return str(written)
    if written == written.to_integral_value():
        return str(int(written))
    return str(written.normalize())
