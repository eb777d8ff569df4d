"""Appends to the year's ledger."""

from acme import hosts
from acme.flow import START, dag, task


@dag(schedule=None, start_date=START, tags=["finance"])
def archive_ledger() -> None:
    @task
    def append() -> None:
        hosts.archive_ledger(2026)

    append()


archive_ledger()
