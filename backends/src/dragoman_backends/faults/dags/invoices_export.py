"""Invoices to the bank."""

from datetime import datetime

from acme import ingest
from acme.flow import EmptyOperator, dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def invoices_export():
    @task
    def hand_over() -> None:
        ingest.push_to_gateway(invoices=212)

    hand_over() >> EmptyOperator(task_id="archive")


invoices_export()
