"""Appends to the year's ledger."""

from datetime import datetime

from acme import hosts
from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def archive_ledger():
    @task
    def append() -> None:
        hosts.archive_ledger(2026)

    append()


archive_ledger()
