"""Returned goods."""

from datetime import datetime

from acme.flow import EmptyOperator, dag


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["logistics"])
def returns_load():
    EmptyOperator(task_id="load")


returns_load()
