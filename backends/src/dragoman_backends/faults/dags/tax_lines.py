"""Tax of the invoice lines."""

from datetime import datetime

from acme import jobs
from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def tax_lines():
    @task
    def compute() -> float:
        return jobs.tax(0.19)

    compute()


tax_lines()
