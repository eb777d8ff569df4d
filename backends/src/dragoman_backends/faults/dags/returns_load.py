"""Returned goods."""

from acme.flow import START, EmptyOperator, dag


@dag(schedule=None, start_date=START, tags=["logistics"])
def returns_load() -> None:
    EmptyOperator(task_id="load")


returns_load()
