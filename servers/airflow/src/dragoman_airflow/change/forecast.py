"""What a change would do, exactly: the part of a plan that must still hold when it is applied."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import cast

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from dragoman.answer.canonical import Json, digest
from dragoman_airflow.change.wanted import Kind, named

CLEARED = "cleared"
"""An instance that loses its state and runs again."""

ALIVE = frozenset({"running", "restarting", "deferred"})
"""States in which work goes on that a new state would kill."""

FAILED = frozenset({"failed", "upstream_failed"})

_MOST_DIFFERENCES = 8


class Effect(Struct, frozen=True, order=True):
    """One instance that would be changed: as it stands, and what it becomes."""

    task_id: str
    map_index: int
    state: str
    try_number: int
    becomes: str

    @property
    def key(self) -> tuple[str, int]:
        return self.task_id, self.map_index

    @property
    def name(self) -> str:
        return named(self.task_id, self.map_index)

    @property
    def kills(self) -> bool:
        return self.state in ALIVE


class RunEffect(Struct, frozen=True, order=True):
    """One run that would be made, start, go on or end; `state` is "" for a new one."""

    run_id: str
    state: str
    becomes: str


class Consumer(Struct, frozen=True, order=True):
    """A DAG that new data of an asset (dataset) may start."""

    dag_id: str
    asset: str
    paused: bool


class Forecast(Struct, frozen=True, kw_only=True):
    """What would happen, as Airflow stands now.

    `dates` are logical dates of runs that would be made; `notices` are facts in words, the same
    as long as nothing changes; `code` says which version the work would run.
    """

    kind: Kind
    instance: str
    dag_id: str
    run_id: str = ""
    run_state: str = ""
    run_becomes: str = ""
    effects: tuple[Effect, ...] = ()
    runs: tuple[RunEffect, ...] = ()
    dates: tuple[str, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    code: str = ""
    schedule: str = ""
    notices: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    """What else it was computed from, so that a change of it shows."""
    told: tuple[str, ...] = ()
    """What changes by itself: it is said, and binds nobody."""

    @property
    def kills(self) -> tuple[Effect, ...]:
        return tuple(one for one in self.effects if one.kills)

    @property
    def reruns(self) -> tuple[Effect, ...]:
        """Instances that had succeeded and would run again."""
        return tuple(
            one for one in self.effects if one.becomes == CLEARED and one.state == "success"
        )

    @property
    def loses(self) -> bool:
        """Whether work or results are lost for good.

        Killed work is lost, and a second run of what had succeeded repeats its effects and
        replaces its results. All else can be undone: a run that was started can be cancelled, a
        state set back, a queued run that was failed cleared, a DAG paused again.
        """
        repeated = self.kind is Kind.BACKFILL and any(one.state == "success" for one in self.runs)
        started = self.kind is Kind.CANCEL and self.run_state == "running"
        return bool(self.kills or self.reruns or repeated or started)

    def states(self, becomes: str) -> str:
        """What the instances of that fate are now, such as `2 failed, 1 success`."""
        return counted(one.state for one in self.effects if one.becomes == becomes)

    @property
    def digest(self) -> str:
        """Equal as long as the change would do the same."""
        return digest(self.bound())

    def bound(self) -> Json:
        """What an approval is bound to.

        The instances of a run that is being cancelled move by themselves: there the approval is
        for the run, and for work to be lost if it was to be; `covers` checks that no other
        instance is hit.
        """
        if self.kind is Kind.CANCEL and self.run_id:
            return [self.kind, self.instance, self.dag_id, self.run_id, self.loses]
        return cast("Json", to_builtins(replace(self, told=())))

    def covers(self, fresh: "Forecast") -> bool:
        """Whether this approved forecast allows what would happen now."""
        if self.digest != fresh.digest:
            return False
        if self.kind is not Kind.CANCEL:
            return True
        allowed = {one.key for one in self.effects}
        return all(one.key in allowed for one in fresh.effects)

    def differences(self, fresh: "Forecast") -> tuple[str, ...]:
        """In plain words, what is no longer as it was planned; at most eight lines and a count."""
        found = [*_effect_differences(self.effects, fresh.effects), *_other(self, fresh)]
        if len(found) <= _MOST_DIFFERENCES:
            return tuple(found)
        rest = len(found) - _MOST_DIFFERENCES
        return (*found[:_MOST_DIFFERENCES], f"and {rest} more differences")


def counted(states: Iterable[str]) -> str:
    """`2 failed, 1 success`, most frequent first; an empty state reads `no state`."""
    counts = Counter(state or "no state" for state in states)
    return ", ".join(f"{n} {state}" for state, n in sorted(counts.items(), key=_by_count))


def _by_count(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _effect_differences(before: Iterable[Effect], after: Iterable[Effect]) -> Iterable[str]:
    mine, theirs = {one.key: one for one in before}, {one.key: one for one in after}
    for key in sorted(mine.keys() | theirs.keys()):
        was, now = mine.get(key), theirs.get(key)
        if was is None and now is not None:
            yield f"{now.name} ({_standing(now)}) would now be {_fate(now)}, too"
        elif now is None and was is not None:
            yield f"{was.name} would no longer be {_fate(was)}"
        elif was is not None and now is not None and was != now:
            yield f"{was.name} was {_standing(was)}, is {_standing(now)}{_new_fate(was, now)}"


def _new_fate(was: Effect, now: Effect) -> str:
    return "" if was.becomes == now.becomes else f" and would be {_fate(now)}, not {_fate(was)}"


def _fate(one: Effect) -> str:
    return "cleared" if one.becomes == CLEARED else f"set to {one.becomes}"


def _standing(one: Effect) -> str:
    return f"{one.state or 'without a state'}, try {one.try_number}"


def _other(before: Forecast, after: Forecast) -> Iterable[str]:
    mine = cast("Mapping[str, object]", to_builtins(before))
    theirs = cast("Mapping[str, object]", to_builtins(after))
    for name in mine:
        if name in {"effects", "told"} or mine[name] == theirs[name]:
            continue
        yield from _field_difference(name.replace("_", " "), mine[name], theirs[name])


def _field_difference(name: str, was: object, now: object) -> Iterable[str]:
    if isinstance(was, list | tuple) and isinstance(now, list | tuple):
        old = [_said(item) for item in cast("Iterable[object]", was)]
        new = [_said(item) for item in cast("Iterable[object]", now)]
        yield from (f"{name}: no longer {item}" for item in old if item not in new)
        yield from (f"{name}: now {item}" for item in new if item not in old)
    else:
        yield f"{name}: was {was or 'empty'}, is {now or 'empty'}"


def _said(item: object) -> str:
    if isinstance(item, Mapping):
        values = cast("Mapping[str, object]", item).values()
        return " ".join(str(value) for value in values if value != "")
    return str(item)
