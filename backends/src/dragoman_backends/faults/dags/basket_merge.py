"""Merges the shops' baskets."""

from datetime import datetime

from acme import ingest
from acme.flow import dag, get_current_context, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["shop"])
def basket_merge():
    @task
    def collect() -> None:
        print("collected 0 baskets")

    @task
    def merge() -> int:
        return ingest.first_basket(get_current_context()["ti"].xcom_pull(task_ids="collect"))

    collect() >> merge()


basket_merge()
