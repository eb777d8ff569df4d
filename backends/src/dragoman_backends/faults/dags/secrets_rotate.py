"""Rotates a service's credentials."""

from acme import jobs
from acme.flow import START, dag, task


@dag(schedule=None, start_date=START, tags=["platform"])
def secrets_rotate() -> None:
    @task
    def rotate() -> None:
        jobs.rotate()

    rotate()


secrets_rotate()
