"""Sessions from clicks."""

from acme import jobs
from acme.flow import START, EmptyOperator, dag, task


@dag(schedule=None, start_date=START, tags=["shop"])
def spark_sessions() -> None:
    @task
    def submit() -> None:
        jobs.submit_sessions()

    submit() >> EmptyOperator(task_id="publish")


spark_sessions()
