"""Checks the VAT numbers of new customers."""

from acme import waiting
from acme.flow import START, EmptyOperator, dag, task


@dag(schedule=None, start_date=START, tags=["finance"])
def vat_check() -> None:
    @task
    def check() -> None:
        waiting.hold()

    check() >> EmptyOperator(task_id="release")


vat_check()
