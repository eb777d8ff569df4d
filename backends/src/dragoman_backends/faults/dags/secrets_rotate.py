"""Rotates a service's credentials."""

from datetime import datetime

from acme import jobs
from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["platform"])
def secrets_rotate():
    @task
    def rotate() -> None:
        jobs.rotate()

    rotate()


secrets_rotate()
