"""Statistics of web sessions."""

from acme import hosts
from acme.flow import START, EmptyOperator, dag, task


@dag(schedule=None, start_date=START, tags=["shop"])
def session_stats() -> None:
    @task
    def count() -> None:
        hosts.session_stats(sessions=88_000)

    count() >> EmptyOperator(task_id="chart")


session_stats()
