"""Checks every partition of the orders table."""

from datetime import datetime

from acme import ingest
from acme.flow import EmptyOperator, dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["warehouse"])
def partitions_check():
    @task
    def check(number: int) -> None:
        ingest.read_partition(number)

    check.expand(number=list(range(112))) >> EmptyOperator(task_id="seal")


partitions_check()
