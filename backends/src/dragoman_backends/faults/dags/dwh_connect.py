"""Checks the way into the warehouse."""

from datetime import datetime

from airflow.sdk import BaseHook

from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["warehouse"])
def dwh_connect():
    @task
    def check() -> str:
        return BaseHook.get_connection("dwh_readonly").host

    check()


dwh_connect()
