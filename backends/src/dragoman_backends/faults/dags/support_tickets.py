"""Classifies support tickets."""

from acme import jobs
from acme.flow import START, dag, task


@dag(schedule=None, start_date=START, tags=["support"])
def support_tickets() -> None:
    @task
    def classify() -> None:
        jobs.classify(tickets=140)

    classify()


support_tickets()
