"""Mirrors the legacy store."""

from acme import jobs
from acme.flow import START, EmptyOperator, dag, get_current_context, task


@dag(schedule=None, start_date=START, tags=["warehouse"])
def legacy_mirror() -> None:
    @task
    def mirror() -> None:
        jobs.mirror(get_current_context()["ti"].try_number)

    mirror() >> EmptyOperator(task_id="verify")


legacy_mirror()
