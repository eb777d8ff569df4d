"""Settles the day's payments in batches and always reports."""

from datetime import timedelta

from acme import jobs
from acme.flow import START, EmptyOperator, dag, get_current_context, task


@dag(schedule=None, start_date=START, tags=["finance"])
def settlement() -> None:
    @task(retries=1, retry_delay=timedelta(seconds=1))
    def settle(batch: int) -> int:
        return jobs.settle(batch, get_current_context()["ti"].try_number)

    book = EmptyOperator(task_id="book")
    report = EmptyOperator(task_id="report", trigger_rule="all_done")
    settle.expand(batch=list(range(4))) >> book >> report


settlement()
