"""Refreshes the extract of every region."""

from acme import ingest
from acme.flow import START, EmptyOperator, dag, task

REGIONS = ["north", "alps", "south", "islands", "coast", "west"]


@dag(schedule=None, start_date=START, tags=["sales"])
def regions_refresh() -> None:
    @task
    def refresh(region: str) -> int:
        return ingest.read_region(region)

    refresh.expand(region=REGIONS) >> EmptyOperator(task_id="merge")


regions_refresh()
