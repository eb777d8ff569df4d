"""A root with all that was read of it, and how it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.diagnosis.reading import Reading, Said
from dragoman_airflow.diagnosis.report import Quote, RootCause
from dragoman_airflow.diagnosis.roots import Root
from dragoman_airflow.diagnosis.tries import Tries
from dragoman_airflow.diagnosis.verdict import Verdict
from dragoman_airflow.models import Instance

_SAYS = 300
_QUOTE = 220
_LINE = 160
_INDEXES = 6


@dataclass(frozen=True, slots=True)
class Found:
    """One root: the instance that stands for it, its verdict and what other instances say.

    `readings` are of the last try of instances by map index; `width` is how many instances the
    mapped task has.
    """

    root: Root
    one: Instance
    verdict: Verdict
    reading: Reading | None
    tries: Tries
    readings: Mapping[int, Reading]
    width: int | None = None
    hidden_by: str = ""

    @property
    def named(self) -> str:
        """The task, with the index where it failed at one only."""
        failed = self.root.instances
        if len(failed) == 1 and failed[0].map_index >= 0:
            return f"{self.root.task_id}[{failed[0].map_index}]"
        return self.root.task_id


def told(found: Found) -> RootCause:
    reading = found.reading
    number = reading.try_number if reading else 0
    return RootCause(
        task=found.root.task_id,
        instances=instances(found),
        state=found.one.state,
        cause=found.verdict.cause,
        meaning=found.verdict.meaning,
        confidence=found.verdict.confidence,
        reason=clipped(found.verdict.reason, _LINE) if found.verdict.reason else None,
        exceptions=_exceptions(reading),
        frames=[clipped(one, _LINE) for one in reading.frames] if reading else [],
        evidence=[_quote(number, one, _QUOTE) for one in reading.evidence] if reading else [],
        before=_before(reading),
        tries=found.tries.says,
        other_tries=[clipped(one, _SAYS) for one in found.tries.others],
        events=[clipped(one, _SAYS) for one in found.verdict.events],
        other_errors=[clipped(one, _SAYS) for one in _other_errors(found)],
        hidden_by=found.hidden_by,
        in_spite_of=list(found.root.above[:5]),
    )


def _exceptions(reading: Reading | None) -> list[Untrusted]:
    """A chain of several; a single exception is quoted with its line."""
    if reading is None or len(reading.chain) < 2:
        return []
    return [clipped(one, _SAYS) for one in reading.chain]


def _before(reading: Reading | None) -> list[Untrusted]:
    """The lines before the failure that are not quoted already; what repeats stands once."""
    if reading is None:
        return []
    quoted = {one.line for one in reading.evidence}
    kept = [one for one in reading.before if one.line not in quoted]
    last = {one.text: one for one in kept if not one.text.startswith("::")}
    return [clipped(f"{one.line}: {one.text}", _LINE) for one in last.values()]


def instances(found: Found) -> str:
    """Of a mapped task: how many failed, of how many, and at which indexes."""
    failed = [one for one in found.root.instances if one.map_index >= 0]
    if not failed:
        return ""
    of = f" of {found.width}" if found.width else ""
    return f"{len(failed)}{of} failed: {indexes([one.map_index for one in failed])}"


def indexes(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in sorted(numbers)[:_INDEXES])
    more = f" and {len(numbers) - _INDEXES} more" if len(numbers) > _INDEXES else ""
    return f"{'index' if len(numbers) == 1 else 'indexes'} {shown}{more}"


def clipped(text: str, longest: int) -> Untrusted:
    # Cleaned before it is cut: half a secret is not recognised.
    clean = Untrusted(text)
    return clean if len(clean) <= longest else Untrusted(f"{clean[:longest]}…")


def _other_errors(found: Found) -> list[str]:
    """The instances by failure, where there is more than one; what was not read is counted."""
    groups: dict[str, list[int]] = {}
    for index, reading in sorted(found.readings.items()):
        if not reading.missing:
            groups.setdefault(reading.signature, []).append(index)
    own = found.reading.signature if found.reading else ""
    told = [
        f"{indexes(groups[signature])}: {_first(found.readings, groups[signature])}"
        for signature in groups
        if signature != own
    ]
    same = [index for index in groups.get(own, ()) if index != found.one.map_index]
    if same:
        told.insert(0, f"{indexes(same)}: as index {found.one.map_index}")
    unread = len(found.root.instances) - sum(map(len, groups.values()))
    if unread and len(found.root.instances) > 1:
        told.append(f"{unread} more failed, whose logs were not read")
    return told


def _first(readings: Mapping[int, Reading], of: Sequence[int]) -> str:
    return readings[of[0]].short or "no error in its log"


def _quote(number: int, said: Said, longest: int) -> Quote:
    return Quote(try_number=number, line=said.line, text=clipped(said.text, longest))
