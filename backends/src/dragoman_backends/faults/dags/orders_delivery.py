"""The delivery of orders, which others build on."""

from datetime import datetime

from airflow.sdk import Asset, Metadata

from acme.flow import dag, task

ORDERS = Asset("orders_table")


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["sales"])
def orders_delivery():
    @task(outlets=[ORDERS])
    def deliver(dag_run=None):
        yield Metadata(ORDERS, {"delivery": dag_run.run_id, "rows": dag_run.conf.get("rows", 0)})

    deliver()


orders_delivery()
