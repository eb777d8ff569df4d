"""Turns what an agent sent into what is wanted, or says what is missing or does not belong."""

import math
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, cast

from dragoman.errors import BadInput
from dragoman_airflow.change.triggering import run_id_of
from dragoman_airflow.change.wanted import Kind, Wanted

Include = Literal["upstream", "downstream", "failed_only", "latest_version", "own_version"]

_INDEXED = re.compile(r"(?P<task>.+)\[(?P<index>\d{1,6})\]", re.DOTALL)
_BELONGS: Mapping[str, frozenset[Kind]] = {
    "tasks": frozenset({Kind.CLEAR, Kind.MARK}),
    "state": frozenset({Kind.MARK}),
    "include": frozenset({Kind.CLEAR, Kind.MARK, Kind.BACKFILL}),
    "conf": frozenset({Kind.TRIGGER, Kind.BACKFILL}),
    "key": frozenset({Kind.TRIGGER}),
    "since": frozenset({Kind.BACKFILL}),
    "until": frozenset({Kind.BACKFILL}),
    "reprocess": frozenset({Kind.BACKFILL}),
}
_INCLUDES: Mapping[Kind, frozenset[Include]] = {
    Kind.CLEAR: frozenset(
        {"upstream", "downstream", "failed_only", "latest_version", "own_version"}
    ),
    Kind.MARK: frozenset({"upstream", "downstream"}),
    Kind.BACKFILL: frozenset({"latest_version", "own_version"}),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an agent asks for beyond the DAG and the run. Empty is not given."""

    kind: Kind
    tasks: Sequence[str] = ()
    state: str = ""
    include: Sequence[Include] = ()
    conf: Mapping[str, object] = field(default_factory=dict[str, object])
    key: str = ""
    since: datetime | None = None
    until: datetime | None = None
    reprocess: str = ""

    def wanted(self, instance: str, dag_id: str, run_id: str) -> Wanted:
        """Raises BadInput, naming what is missing or does not belong to this kind."""
        self._refuse_foreign(run_id)
        trigger = self.kind is Kind.TRIGGER
        return Wanted(
            kind=self.kind,
            instance=instance,
            dag_id=dag_id,
            as_of=datetime.now(UTC),
            run_id=run_id_of(self.key or secrets.token_hex(8)) if trigger else run_id,
            tasks=tuple(dict.fromkeys(_pair(text) for text in self.tasks)),
            state=self.state,
            upstream="upstream" in self.include,
            downstream="downstream" in self.include,
            only_failed="failed_only" in self.include,
            latest_version=self._latest(),
            conf=_finite(dict(self.conf)),
            since=_aware(self.since),
            until=_aware(self.until),
            reprocess=self.reprocess or "none",
        )

    def _refuse_foreign(self, run_id: str) -> None:
        given = {name for name in _BELONGS if getattr(self, name)}
        foreign = sorted(name for name in given if self.kind not in _BELONGS[name])
        foreign += sorted(set(self.include) - _INCLUDES.get(self.kind, frozenset(self.include)))
        if run_id and self.kind in {Kind.TRIGGER, Kind.PAUSE, Kind.UNPAUSE, Kind.BACKFILL}:
            foreign.append("run")
        if foreign:
            raise BadInput(f"{', '.join(foreign)} does not belong to kind={self.kind}; leave it.")
        if not run_id and self.kind in {Kind.CLEAR, Kind.MARK}:
            raise BadInput(
                f"kind={self.kind} needs `run`: without one Airflow would take every run of the "
                "DAG. Name it, or use latest or latest_failed."
            )

    def _latest(self) -> bool | None:
        if {"latest_version", "own_version"} <= set(self.include):
            raise BadInput("Include latest_version or own_version, not both.")
        if "latest_version" in self.include:
            return True
        return False if "own_version" in self.include else None


def _pair(text: str) -> tuple[str, int | None]:
    found = _INDEXED.fullmatch(text)
    if found is None:
        return text, None
    return found["task"], int(found["index"])


def _aware(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


def _finite(value: dict[str, object]) -> dict[str, object]:
    if not _is_finite(value):
        raise BadInput("conf holds NaN or Infinity, which JSON does not; send plain values alone.")
    return value


def _is_finite(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_is_finite, cast("dict[str, object]", value).values()))
    return all(map(_is_finite, cast("list[object]", value))) if isinstance(value, list) else True
