"""What to read of a list; the filters are Airflow's own."""

from datetime import datetime

from msgspec import Struct


class RunFilter(Struct, frozen=True, kw_only=True):
    """Which runs, and in what order; filters are the server's own."""

    states: tuple[str, ...] = ()
    run_types: tuple[str, ...] = ()
    run_after_gte: datetime | None = None
    run_after_lte: datetime | None = None
    start_date_gte: datetime | None = None
    start_date_lte: datetime | None = None
    end_date_gte: datetime | None = None
    end_date_lte: datetime | None = None
    order_by: str = "-run_after"


class InstanceFilter(Struct, frozen=True, kw_only=True):
    """Which instances; `""` among the states means those without one."""

    states: tuple[str, ...] = ()
    task_id: str = ""
    map_index: int | None = None
    pools: tuple[str, ...] = ()
    end_date_gte: datetime | None = None
    end_date_lte: datetime | None = None
    start_date_lte: datetime | None = None
    order_by: str = ""


class EventFilter(Struct, frozen=True, kw_only=True):
    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: int | None = None
    try_number: int | None = None
    after: datetime | None = None
    before: datetime | None = None
    events: tuple[str, ...] = ()
