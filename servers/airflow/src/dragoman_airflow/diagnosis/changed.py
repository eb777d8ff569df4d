"""What differs between a run and the one it is compared with."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from dragoman.answer.canonical import Json
from dragoman.answer.redact import redact_json
from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.diagnosis.endings import span
from dragoman_airflow.models import AssetEvent, Instance, Run

_DIFF_LINES = 14
_DIFF_WIDTH = 110
_VALUE = 60
_MOST_KEYS = 5


@dataclass(frozen=True, slots=True)
class Side:
    """A run, one task's instance in it, and what was fetched of both; None was not read."""

    run: Run
    instance: Instance | None = None
    width: int | None = None
    source: str | None = None
    assets: tuple[AssetEvent, ...] | None = None

    @property
    def version(self) -> int | None:
        if self.instance is not None and self.instance.version is not None:
            return self.instance.version.version_number
        return self.run.versions[-1].version_number if self.run.versions else None

    @property
    def bundle_version(self) -> str:
        if self.instance is not None and self.instance.version is not None:
            return self.instance.version.bundle_version or self.run.bundle_version
        return self.run.bundle_version


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed, what stayed the same, and what could not be compared."""

    found: tuple[Untrusted, ...] = ()
    same: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    diff: Untrusted | None = None


@dataclass(slots=True)
class _Notes:
    found: list[Untrusted] = field(default_factory=list[Untrusted])
    same: list[str] = field(default_factory=list[str])
    unread: list[str] = field(default_factory=list[str])
    diff: Untrusted | None = None


def changes(before: Side, now: Side, durations: Sequence[float] = ()) -> Changes:
    """What is different now; `durations` are seconds of earlier successes of the task."""
    notes = _Notes()
    _code(notes, before, now)
    _conf(notes, "conf", before.run.conf, now.run.conf)
    _width(notes, before, now)
    _inputs(notes, before, now)
    _kind(notes, before, now)
    _place(notes, before, now)
    _duration(notes, now, durations)
    return Changes(tuple(notes.found), tuple(notes.same), tuple(notes.unread), notes.diff)


def _code(notes: _Notes, before: Side, now: Side) -> None:
    old, new = before.version, now.version
    if old is None or new is None:
        notes.unread.append("DAG version")
    elif old == new:
        notes.same.append("DAG version")
    else:
        notes.found.append(Untrusted(f"DAG version {old} → {new}{_diffed(notes, before, now)}"))
    if before.bundle_version != now.bundle_version:
        notes.found.append(
            Untrusted(
                f"bundle version {before.bundle_version or 'none'} → {now.bundle_version or 'none'}"
            )
        )


def _diffed(notes: _Notes, before: Side, now: Side) -> str:
    """The source's difference, kept apart; in words how much of it there is."""
    if before.source is None or now.source is None:
        notes.unread.append("the two versions' source")
        return ""
    lines, added, gone = source_diff(before.source, now.source)
    if not added and not gone:
        return " (the file's source is the same)"
    notes.diff = lines
    return f" (source +{added} -{gone} lines)"


def source_diff(before: str, now: str, most: int = _DIFF_LINES) -> tuple[Untrusted, int, int]:
    """A bounded difference without its headers, and the numbers of lines added and removed."""
    # Secrets are hidden in the whole text: one over two lines is not seen in a difference.
    old, new = Untrusted(before).splitlines(), Untrusted(now).splitlines()
    raw = list(difflib.unified_diff(before.splitlines(), now.splitlines(), n=0, lineterm=""))[2:]
    added = sum(line.startswith("+") for line in raw)
    gone = sum(line.startswith("-") for line in raw)
    lines = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
    kept = [line if len(line) <= _DIFF_WIDTH else f"{line[:_DIFF_WIDTH]}…" for line in lines[:most]]
    if len(lines) > most:
        kept.append(f"… {len(lines) - most} more lines")
    return Untrusted("\n".join(kept)), added, gone


def _conf(
    notes: _Notes, name: str, before: Mapping[str, object], now: Mapping[str, object]
) -> None:
    keys = sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
    if not keys:
        notes.same.append(name)
        return
    told = [f"{key} {_value(before, key)} → {_value(now, key)}" for key in keys[:_MOST_KEYS]]
    more = f" and {len(keys) - _MOST_KEYS} more keys" if len(keys) > _MOST_KEYS else ""
    notes.found.append(Untrusted(f"{name}: {', '.join(told)}{more}"))


def _value(values: Mapping[str, object], key: str) -> str:
    if key not in values:
        return "(none)"
    # Redacted beside its key, which alone may tell that the value is a secret.
    clean = redact_json({key: _json(values[key])})
    text = json.dumps(clean[key] if isinstance(clean, Mapping) else clean, ensure_ascii=False)
    return text if len(text) <= _VALUE else f"{text[:_VALUE]}…"


def _json(value: object) -> Json:
    try:
        plain: Json = json.loads(json.dumps(value, default=str))
    except ValueError:
        return str(value)
    return plain


def _width(notes: _Notes, before: Side, now: Side) -> None:
    if before.width is None or now.width is None:
        return
    if before.width == now.width:
        notes.same.append("mapped width")
    else:
        notes.found.append(Untrusted(f"mapped width {before.width} → {now.width}"))


def _inputs(notes: _Notes, before: Side, now: Side) -> None:
    """Which runs' assets came in; a run that an asset starts has other ones each time."""
    if before.assets is None or now.assets is None:
        return
    if {one.id for one in before.assets} == {one.id for one in now.assets}:
        notes.same.append("input assets")
        return
    old, new = _sources(before.assets), _sources(now.assets)
    for name in sorted({*old, *new})[:3]:
        was, is_now = old.get(name, "none"), new.get(name, "none")
        if was != is_now:
            notes.found.append(Untrusted(f"input asset {name}: from {is_now}, before from {was}"))


def _sources(events: Sequence[AssetEvent]) -> dict[str, str]:
    """By asset, the runs that made what came in."""
    found: dict[str, list[str]] = {}
    for one in events:
        made_by = f"{one.source_dag_id}/{one.source_run_id}" if one.source_dag_id else "outside"
        found.setdefault(one.name or one.uri, []).append(made_by)
    return {
        name: ", ".join(runs[:2]) + (f" and {len(runs) - 2} more" if len(runs) > 2 else "")
        for name, runs in found.items()
    }


def _kind(notes: _Notes, before: Side, now: Side) -> None:
    if before.run.run_type != now.run.run_type:
        notes.found.append(Untrusted(f"run type {before.run.run_type} → {now.run.run_type}"))
    else:
        notes.same.append("run type")


def _place(notes: _Notes, before: Side, now: Side) -> None:
    """Where and as what the task ran; hosts differ by nature and are only told for lost ones."""
    old, new = before.instance, now.instance
    if old is None or new is None:
        return
    for name in ("operator", "pool", "pool_slots", "queue", "executor"):
        was, is_now = getattr(old, name), getattr(new, name)
        if was != is_now and was and is_now:
            notes.found.append(Untrusted(f"{name} {was} → {is_now}"))


def _duration(notes: _Notes, now: Side, durations: Sequence[float]) -> None:
    took = now.instance.duration if now.instance is not None else now.run.duration
    if took is None or not durations:
        return
    usual = median(durations)
    many = f"median of {len(durations)} successes" if len(durations) > 1 else "the last success"
    if took >= 2 * usual and took - usual >= 10:
        notes.found.append(Untrusted(f"it took {span(took)}; {many}: {span(usual)}"))
    elif usual >= 2 * took and usual - took >= 10:
        notes.found.append(Untrusted(f"it ended after {span(took)}; {many}: {span(usual)}"))
    else:
        notes.same.append("duration")
