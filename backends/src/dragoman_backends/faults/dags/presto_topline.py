"""Topline numbers of the week."""

from acme import jobs
from acme.flow import START, dag, task


@dag(schedule=None, start_date=START, tags=["finance"])
def presto_topline() -> None:
    @task
    def query() -> None:
        jobs.run_topline()

    query()


presto_topline()
