"""What an Airflow can be told to do."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType


class Clear(Struct, frozen=True, kw_only=True):
    """Instances of one run to be cleared: exactly the pairs, or the named tasks with their kin.

    A `map_index` of None means the whole task. Running ones make the call a conflict, always.
    """

    run_id: str
    pairs: tuple[tuple[str, int | None], ...]
    upstream: bool = False
    downstream: bool = False
    only_failed: bool = False
    reset_runs: bool = True
    latest_version: bool | None = None
    note: str | UnsetType = UNSET


class Mark(Struct, frozen=True, kw_only=True):
    """One task of one run to be set to a state: all its instances, or one `map_index`."""

    run_id: str
    task_id: str
    state: str
    map_index: int | None = None
    upstream: bool = False
    downstream: bool = False
    note: str | UnsetType = UNSET


class Trigger(Struct, frozen=True, kw_only=True):
    """A new run; `run_id` is the caller's key, so that the same trigger makes one run."""

    run_id: str
    conf: Mapping[str, object] = {}
    logical_date: datetime | None = None
    note: str = ""


class BackfillSpan(Struct, frozen=True, kw_only=True):
    dag_id: str
    from_date: datetime
    to_date: datetime
    reprocess_behavior: str = "none"
    max_active_runs: int = 10
    backwards: bool = False
    conf: Mapping[str, object] = {}
    latest_version: bool | None = None
