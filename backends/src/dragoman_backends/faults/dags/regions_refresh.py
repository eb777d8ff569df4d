"""Refreshes the extract of every region."""

from datetime import datetime

from acme import ingest
from acme.flow import EmptyOperator, dag, task

REGIONS = ["north", "alps", "south", "islands", "coast", "west"]


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["sales"])
def regions_refresh():
    @task
    def refresh(region: str) -> int:
        return ingest.read_region(region)

    refresh.expand(region=REGIONS) >> EmptyOperator(task_id="merge")


regions_refresh()
