"""Margins as they were computed before."""

from datetime import datetime

from acme.flow import EmptyOperator, dag


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def old_margins():
    EmptyOperator(task_id="compute")


old_margins()
