"""Checks the way into the warehouse."""

from acme.flow import START, dag, task
from airflow.sdk import BaseHook


@dag(schedule=None, start_date=START, tags=["warehouse"])
def dwh_connect() -> None:
    @task
    def check() -> str:
        return BaseHook.get_connection("dwh_readonly").host

    check()


dwh_connect()
