"""The delivery of orders, which others build on."""

from collections.abc import Iterator

from acme.flow import START, conf, dag, get_current_context, task
from airflow.sdk import Asset, Metadata

ORDERS = Asset("orders_table")


@dag(schedule=None, start_date=START, tags=["sales"])
def orders_delivery() -> None:
    @task(outlets=[ORDERS])
    def deliver() -> Iterator[Metadata]:
        yield Metadata(
            ORDERS, {"delivery": get_current_context()["run_id"], "rows": conf().get("rows", 0)}
        )

    deliver()


orders_delivery()
