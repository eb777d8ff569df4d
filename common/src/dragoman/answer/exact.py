"""Values as JSON that stays exact in every reader, a JavaScript parse included."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from enum import Enum
from math import isfinite, isnan
from typing import Annotated, cast

from pydantic import BaseModel, RootModel, WithJsonSchema
from pydantic_core import to_jsonable_python

from dragoman.answer.canonical import Json
from dragoman.answer.untrusted import Untrusted

SAFE = 2**53

ExactInt = Annotated[int, WithJsonSchema({"type": ["integer", "string"]})]
"""An integer that can exceed 2^53, where it becomes a string."""

ExactFloat = Annotated[float, WithJsonSchema({"type": ["number", "string"]})]
"""A float that can be NaN or infinite, where it becomes a string."""


def exact(value: object) -> Json:
    """The value as JSON without loss.

    Integers beyond 2^53 and decimals become strings of their digits; NaN, Infinity and
    -Infinity strings; bytes base64. Empty fields of models are left out.
    """
    match value:
        case None | bool() | Untrusted():
            return value
        case Enum():
            return exact(value.value)
        case str():
            return value.encode("utf-8", "replace").decode()
        case int() | float() | Decimal():
            return _number(value)
        case bytes() | bytearray():
            return b64encode(value).decode()
        case _:
            return _composite(value)


def _composite(value: object) -> Json:
    match value:
        case RootModel():
            return exact(cast("RootModel[object]", value).root)
        case BaseModel():
            return _fields(value)
        case Mapping():
            items = cast("Mapping[object, object]", value)
            return {str(exact(key)): exact(item) for key, item in items.items()}
        case AbstractSet():
            members = cast("AbstractSet[object]", value)
            return sorted((exact(item) for item in members), key=str)
        case Sequence():
            return [exact(item) for item in cast("Sequence[object]", value)]
        case _:
            return exact(to_jsonable_python(value, bytes_mode="base64"))


def _fields(model: BaseModel) -> dict[str, Json]:
    """The model's fields by alias, in their order, without the empty ones."""
    named = {
        (info.serialization_alias or info.alias or name): exact(getattr(model, name))
        for name, info in type(model).model_fields.items()
        if not info.exclude
    }
    for name in type(model).model_computed_fields:
        named[name] = exact(getattr(model, name))
    for name, extra in (model.__pydantic_extra__ or {}).items():
        named[name] = exact(extra)
    return {name: item for name, item in named.items() if not is_empty(item)}


def is_empty(value: Json) -> bool:
    """Whether a field says nothing: null, or an empty text, list or object."""
    return value is None or (isinstance(value, (str, Sequence, Mapping)) and not value)


def _number(value: float | Decimal) -> Json:
    if isinstance(value, int):
        return int(value) if -SAFE <= value <= SAFE else str(int(value))
    if isfinite(value):
        return str(value) if isinstance(value, Decimal) else float(value)
    if isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
