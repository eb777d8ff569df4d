"""Sessions from clicks."""

from datetime import datetime

from acme import jobs
from acme.flow import EmptyOperator, dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["shop"])
def spark_sessions():
    @task
    def submit() -> None:
        jobs.submit_sessions()

    submit() >> EmptyOperator(task_id="publish")


spark_sessions()
