"""A driver whose heap ran out where Spark says something else."""

import re

from dragoman_spark.verdict.case import Case, first_line
from dragoman_spark.verdict.causes import Cause, Certainty
from dragoman_spark.verdict.model import Citation, Suspect

__all__ = ["explain_results"]

_UNREADABLE = re.compile(
    r"Exception while getting task result: (?:java\.lang\.IllegalStateException: unread block data"
    r"|java\.io\.\w+)|TaskResultLost"
)
_SIZE = re.compile(r"(\d+)\s*([kmgt]?)b?", re.IGNORECASE)
_SHARE = 4
"""Results are held serialized and as objects at once: a quarter of the heap is too much."""


def explain_results(case: Case) -> Suspect | None:
    """The driver's heap, where results of a good part of its size could not be read there.

    Out of memory inside deserialisation shows as data that ends early.
    """
    application = case.application
    failure = next((one for one in case.ending.failures if _UNREADABLE.search(one.text)), None)
    if application is None or failure is None or failure.place is None:
        return None
    heap = _bytes(application.environment.properties.get("spark.driver.memory", "1g"))
    results = sum(stage.sums.result_bytes for stage in application.stages.values())
    enough = results * _SHARE >= heap
    shown = Citation(failure.place, "result could not be read", first_line(failure.text))
    says = f"{results >> 20} MB of task results for a driver heap of {heap >> 20} MB"
    return Suspect(
        Cause.DRIVER_HEAP_OOM,
        Certainty.IMPLIED if enough else Certainty.GENERIC,
        says,
        (shown,),
    )


def _bytes(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        return 1 << 30
    shift = {"": 20, "k": 10, "m": 20, "g": 30, "t": 40}[found.group(2).lower()]
    return int(found.group(1)) << shift
