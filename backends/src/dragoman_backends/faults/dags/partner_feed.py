"""The partner's live feed."""

from acme import partner
from acme.flow import START, EmptyOperator, dag, task


@dag(schedule=None, start_date=START, tags=["partner"])
def partner_feed() -> None:
    @task
    def listen() -> None:
        partner.connect()

    listen() >> EmptyOperator(task_id="store")


partner_feed()
