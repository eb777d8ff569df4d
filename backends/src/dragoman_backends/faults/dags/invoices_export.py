"""Invoices to the bank."""

from acme import ingest
from acme.flow import START, EmptyOperator, dag, task


@dag(schedule=None, start_date=START, tags=["finance"])
def invoices_export() -> None:
    @task
    def hand_over() -> None:
        ingest.push_to_gateway(invoices=212)

    hand_over() >> EmptyOperator(task_id="archive")


invoices_export()
