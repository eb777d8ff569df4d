"""Tax of the invoice lines."""

from acme import jobs
from acme.flow import START, dag, task


@dag(schedule=None, start_date=START, tags=["finance"])
def tax_lines() -> None:
    @task
    def compute() -> float:
        return jobs.tax(0.19)

    compute()


tax_lines()
