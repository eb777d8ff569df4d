"""Sorts the clicks of a day."""

from datetime import datetime

from acme import hosts
from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["shop"])
def big_sort():
    @task
    def sort() -> None:
        hosts.spill(rows=50_000)

    sort()


big_sort()
