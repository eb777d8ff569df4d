"""Mirrors the legacy store."""

from datetime import datetime

from acme import jobs
from acme.flow import EmptyOperator, dag, get_current_context, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["warehouse"])
def legacy_mirror():
    @task
    def mirror() -> None:
        jobs.mirror(get_current_context()["ti"].try_number)

    mirror() >> EmptyOperator(task_id="verify")


legacy_mirror()
