"""Closes the ledger from two books."""

from datetime import datetime

from acme import ingest, jobs
from acme.flow import EmptyOperator, dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def ledger_close():
    @task
    def sales_book() -> int:
        return ingest.points(0)

    @task
    def tax_book() -> float:
        return jobs.tax(19.0)

    close = EmptyOperator(task_id="close")
    [sales_book(), tax_book()] >> close
    for number in range(10):
        close >> EmptyOperator(task_id=f"statement_{number}")


ledger_close()
