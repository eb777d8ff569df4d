"""Classifies support tickets."""

from datetime import datetime

from acme import jobs
from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["support"])
def support_tickets():
    @task
    def classify() -> None:
        jobs.classify(tickets=140)

    classify()


support_tickets()
