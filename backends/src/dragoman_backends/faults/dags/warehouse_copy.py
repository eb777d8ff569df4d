"""Copies yesterday's orders into the warehouse."""

from datetime import datetime

from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["warehouse"])
def warehouse_copy():
    @task(pool="warehouse")
    def copy() -> None:
        print("copied")

    copy()


warehouse_copy()
