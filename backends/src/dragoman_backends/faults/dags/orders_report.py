"""A report each time orders were delivered."""

from datetime import datetime

from airflow.sdk import Asset

from acme import ingest
from acme.flow import dag, task

ORDERS = Asset("orders_table")


@dag(schedule=[ORDERS], start_date=datetime(2026, 1, 1), catchup=False, tags=["sales"])
def orders_report():
    @task
    def report(triggering_asset_events=None) -> None:
        ingest.report_orders([event.extra for event in triggering_asset_events[ORDERS]])

    report()


orders_report()
