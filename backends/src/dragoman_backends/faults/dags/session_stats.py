"""Statistics of web sessions."""

from datetime import datetime

from acme import hosts
from acme.flow import EmptyOperator, dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["shop"])
def session_stats():
    @task
    def count() -> None:
        hosts.session_stats(sessions=88_000)

    count() >> EmptyOperator(task_id="chart")


session_stats()
