"""A report each time orders were delivered."""

from acme import ingest
from acme.flow import START, dag, get_current_context, task
from airflow.sdk import Asset

ORDERS = Asset("orders_table")


@dag(schedule=[ORDERS], start_date=START, tags=["sales"])
def orders_report() -> None:
    @task
    def report() -> None:
        events = get_current_context()["triggering_asset_events"][ORDERS]
        ingest.report_orders([event.extra for event in events])

    report()


orders_report()
