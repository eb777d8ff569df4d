"""Cleans the landing folder and says so."""

from acme import ingest
from acme.flow import START, EmptyOperator, dag, task


@dag(schedule=None, start_date=START, tags=["platform"])
def nightly_cleanup() -> None:
    @task
    def drop_leftovers() -> None:
        ingest.drop_leftovers()

    drop_leftovers() >> EmptyOperator(task_id="announce", trigger_rule="all_done")


nightly_cleanup()
