"""Loyalty points of the last days."""

from acme import ingest
from acme.flow import START, dag, get_current_context, task


@dag(
    schedule=None,
    start_date=START,
    params={"days": 7},
    tags=["marketing"],
)
def loyalty_points() -> None:
    @task
    def count() -> int:
        return ingest.points(get_current_context()["params"]["days"])

    count()


loyalty_points()
