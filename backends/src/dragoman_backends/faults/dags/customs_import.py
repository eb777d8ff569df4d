"""Customs declarations; one bad one stops the lot."""

from acme import jobs, waiting
from acme.flow import START, EmptyOperator, dag, task


@dag(
    schedule=None,
    start_date=START,
    fail_fast=True,
    tags=["logistics"],
)
def customs_import() -> None:
    @task
    def declare() -> float:
        return jobs.tax(3.5)

    @task
    def weigh() -> None:
        waiting.hold()

    weigh() >> EmptyOperator(task_id="bill")
    declare()


customs_import()
