"""Rates of the couriers, tried again later when they do not answer."""

from datetime import timedelta

from acme import partner
from acme.flow import START, EmptyOperator, dag, task


@dag(schedule=None, start_date=START, tags=["logistics"])
def courier_rates() -> None:
    @task(retries=3, retry_delay=timedelta(hours=6))
    def ask() -> None:
        partner.connect()

    ask() >> EmptyOperator(task_id="store")


courier_rates()
