"""Margins as they were computed before."""

from acme.flow import START, EmptyOperator, dag


@dag(schedule=None, start_date=START, tags=["finance"])
def old_margins() -> None:
    EmptyOperator(task_id="compute")


old_margins()
