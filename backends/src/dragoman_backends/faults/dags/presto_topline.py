"""Topline numbers of the week."""

from datetime import datetime

from acme import jobs
from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def presto_topline():
    @task
    def query() -> None:
        jobs.run_topline()

    query()


presto_topline()
