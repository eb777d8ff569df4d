"""Checks every partition of the orders table."""

from acme import ingest
from acme.flow import START, EmptyOperator, dag, task


@dag(schedule=None, start_date=START, tags=["warehouse"])
def partitions_check() -> None:
    @task
    def check(number: int) -> None:
        ingest.read_partition(number)

    check.expand(number=list(range(112))) >> EmptyOperator(task_id="seal")


partitions_check()
