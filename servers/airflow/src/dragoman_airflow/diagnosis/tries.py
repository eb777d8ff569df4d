"""Whether a task's tries failed alike, and whether there are more to come."""

from collections.abc import Sequence
from dataclasses import dataclass

from dragoman_airflow.diagnosis.reading import Reading
from dragoman_airflow.models import Instance


@dataclass(frozen=True, slots=True)
class Tries:
    """In words of our own; `others` are the failures of earlier tries that were different."""

    says: str
    others: tuple[str, ...] = ()


def wanted(one: Instance) -> tuple[int, ...]:
    """Earlier tries worth reading, dearest first: the first, then the one before the last."""
    last = one.try_number
    return tuple(dict.fromkeys(number for number in (1, last - 1) if 0 < number < last))


def tries(one: Instance, readings: Sequence[Reading]) -> Tries:
    """What is known of all tries; `readings` are those that were read, in any order."""
    allowed = max(one.max_tries + 1, one.try_number)
    ahead = _ahead(one, allowed)
    if one.try_number <= 1:
        return Tries(ahead)
    known = sorted(
        (reading for reading in readings if not reading.missing), key=lambda r: r.try_number
    )
    last = next((r for r in known if r.try_number == one.try_number), None)
    earlier = [r for r in known if r.try_number < one.try_number]
    if last is None or not earlier:
        return Tries(f"{one.try_number} tries, the earlier ones were not read{_after(ahead)}")
    different = [r for r in earlier if r.signature != last.signature]
    unread = one.try_number - len(earlier) - 1
    rest = f"; {unread} not read" if unread else ""
    if not different:
        told = f"{len(earlier) + 1} of {one.try_number} tries failed the same way{rest}"
        return Tries(told + _after(ahead))
    first = different[0].try_number
    return Tries(
        f"try {first} failed in another way than try {one.try_number}: "
        f"one cause passed, then this one{rest}{_after(ahead)}",
        tuple(f"try {r.try_number}: {r.short}" for r in different if r.short),
    )


def _ahead(one: Instance, allowed: int) -> str:
    if one.state not in {"up_for_retry", "restarting"}:
        return ""
    return f"try {one.try_number} of {allowed} failed, and it will be tried again"


def _after(ahead: str) -> str:
    return f"; {ahead}" if ahead else ""
