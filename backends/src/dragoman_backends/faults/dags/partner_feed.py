"""The partner's live feed."""

from datetime import datetime

from acme import partner
from acme.flow import EmptyOperator, dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["partner"])
def partner_feed():
    @task
    def listen() -> None:
        partner.connect()

    listen() >> EmptyOperator(task_id="store")


partner_feed()
