"""Sorts the clicks of a day."""

from acme import hosts
from acme.flow import START, dag, task


@dag(schedule=None, start_date=START, tags=["shop"])
def big_sort() -> None:
    @task
    def sort() -> None:
        hosts.spill(rows=50_000)

    sort()


big_sort()
