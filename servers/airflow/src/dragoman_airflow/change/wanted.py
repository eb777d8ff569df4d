"""What somebody asks for, with its ids resolved: enough to be previewed again at any time."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """What a plan can do."""

    CLEAR = "clear"
    MARK = "mark"
    TRIGGER = "trigger"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    BACKFILL = "backfill"
    CANCEL = "cancel"


class Wanted(Struct, frozen=True, kw_only=True):
    """One change of one DAG.

    `tasks` holds pairs of task and map index, the index None for a whole task; none at all means
    the whole run. `as_of` is the moment of planning, to which growing things are counted.
    """

    kind: Kind
    instance: str
    dag_id: str
    as_of: datetime
    run_id: str = ""
    tasks: tuple[tuple[str, int | None], ...] = ()
    state: str = ""
    upstream: bool = False
    downstream: bool = False
    only_failed: bool = False
    latest_version: bool | None = None
    conf: Mapping[str, object] = {}
    since: datetime | None = None
    until: datetime | None = None
    reprocess: str = "none"


def named(task_id: str, map_index: int | None) -> str:
    """How an instance is written everywhere: `load`, or `load[3]` for one of a mapped task."""
    return task_id if map_index is None or map_index < 0 else f"{task_id}[{map_index}]"
