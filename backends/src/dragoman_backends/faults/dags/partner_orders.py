"""The partner's orders."""

from acme import partner
from acme.flow import START, dag, task


@dag(schedule=None, start_date=START, tags=["partner"])
def partner_orders() -> None:
    @task
    def pull() -> None:
        partner.pull("/feed/orders")

    pull()


partner_orders()
