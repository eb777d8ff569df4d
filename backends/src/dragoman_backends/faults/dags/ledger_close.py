"""Closes the ledger from two books."""

from acme import ingest, jobs
from acme.flow import START, EmptyOperator, dag, task


@dag(schedule=None, start_date=START, tags=["finance"])
def ledger_close() -> None:
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
