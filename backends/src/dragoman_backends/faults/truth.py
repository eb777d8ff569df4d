"""What is known of each faulty pipeline from outside Airflow."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FAULTS = Path(__file__).parent


@dataclass(frozen=True)
class Root:
    """A task that failed by itself, on its last try, and which of its mapped instances."""

    task: str
    map_index: tuple[int, ...]
    try_number: int


@dataclass(frozen=True)
class Fault:
    """One faulty pipeline.

    `asked` is the run to ask about, None where the DAG itself is at fault or the run's name is
    Airflow's. `stopped` tasks are failed, too, but were ended by Airflow for another's failure.
    `stated` must all be said, of each tuple in `stated_any` one; `never_shown` must
    not leave the log, `only_fenced` only as data. `raw` is the whole row of truth.json.
    """

    dag: str
    asked: str | None
    airflow: tuple[int, ...]
    steps: tuple[Mapping[str, Any], ...]
    cause: str
    roots: tuple[Root, ...]
    waiting: tuple[str, ...]
    blocker: Mapping[str, str]
    stated: tuple[str, ...]
    stated_any: tuple[tuple[str, ...], ...]
    not_blamed: tuple[str, ...]
    stopped: tuple[str, ...]
    never_shown: tuple[str, ...]
    only_fenced: tuple[str, ...]
    raw: Mapping[str, Any]


def faults(major: int = 3) -> Sequence[Fault]:
    """The faults that an Airflow of this major version can show."""
    rows: list[dict[str, Any]] = json.loads((FAULTS / "truth.json").read_text())
    return [fault for fault in map(_fault, rows) if major in fault.airflow]


def _fault(row: dict[str, Any]) -> Fault:
    return Fault(
        dag=row["dag"],
        asked=row["asked"],
        airflow=tuple(row["airflow"]),
        steps=tuple(row["steps"]),
        cause=row["cause"],
        roots=tuple(
            Root(one["task"], tuple(one["map_index"]), one.get("try", 1)) for one in row["roots"]
        ),
        waiting=tuple(row.get("waiting", ())),
        blocker=row.get("blocker", {}),
        stated=tuple(row["stated"]),
        stated_any=tuple(tuple(words) for words in row.get("stated_any", ())),
        not_blamed=tuple(row["not_blamed"]),
        stopped=tuple(row.get("stopped", ())),
        never_shown=tuple(row.get("never_shown", ())),
        only_fenced=tuple(row.get("only_fenced", ())),
        raw=row,
    )
