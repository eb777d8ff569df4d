"""Merges the shops' baskets."""

from acme import ingest, waiting
from acme.flow import START, dag, get_current_context, task


@dag(schedule=None, start_date=START, tags=["shop"])
def basket_merge() -> None:
    @task
    def collect() -> None:
        waiting.note("collected 0 baskets")

    @task
    def merge() -> int:
        return ingest.first_basket(get_current_context()["ti"].xcom_pull(task_ids="collect"))

    collect() >> merge()


basket_merge()
