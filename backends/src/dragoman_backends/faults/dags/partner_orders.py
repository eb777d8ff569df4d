"""The partner's orders."""

from datetime import datetime

from acme import partner
from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["partner"])
def partner_orders():
    @task
    def pull() -> None:
        partner.pull("/feed/orders")

    pull()


partner_orders()
