"""Cleans the landing folder and says so."""

from datetime import datetime

from acme import ingest
from acme.flow import EmptyOperator, dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["platform"])
def nightly_cleanup():
    @task
    def drop_leftovers() -> None:
        ingest.drop_leftovers()

    drop_leftovers() >> EmptyOperator(task_id="announce", trigger_rule="all_done")


nightly_cleanup()
