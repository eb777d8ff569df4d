"""Vacuums the warehouse, alone in its pool."""

from acme import waiting
from acme.flow import START, dag, task


@dag(schedule=None, start_date=START, tags=["warehouse"])
def warehouse_vacuum() -> None:
    @task(pool="warehouse")
    def vacuum() -> None:
        waiting.hold()

    vacuum()


warehouse_vacuum()
