"""Vacuums the warehouse, alone in its pool."""

from datetime import datetime

from acme import waiting
from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["warehouse"])
def warehouse_vacuum():
    @task(pool="warehouse")
    def vacuum() -> None:
        waiting.hold()

    vacuum()


warehouse_vacuum()
