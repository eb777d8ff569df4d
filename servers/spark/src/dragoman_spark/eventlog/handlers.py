"""Rare events: decoded whole, one small function each."""

from collections.abc import Callable
from typing import TypeAlias, TypeVar

import msgspec

from dragoman_spark.eventlog.places import Place

Handler: TypeAlias = Callable[[bytes, Place], int | None]
T = TypeVar("T")


def handler(kind: type[T], act: Callable[[T, Place], int | None]) -> Handler:
    """A handler that decodes a line as `kind`; it gives the event's time, if it has one.

    It raises msgspec.DecodeError for a line that is not such an event.
    """
    decoder = msgspec.json.Decoder(kind)
    return lambda line, place: act(decoder.decode(line), place)


class Texts:
    """Cuts long texts, harder once `budget` characters are kept, so many failures stay small."""

    def __init__(self, budget: int = 4_000_000, least: int = 400) -> None:
        self._budget = budget
        self._least = least

    def clip(self, text: str, limit: int) -> str:
        kept = text[: limit if self._budget > 0 else min(limit, self._least)]
        self._budget -= len(kept)
        return kept
