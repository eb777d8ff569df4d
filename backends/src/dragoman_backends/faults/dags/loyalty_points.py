"""Loyalty points of the last days."""

from datetime import datetime

from acme import ingest
from acme.flow import dag, task


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    params={"days": 7},
    tags=["marketing"],
)
def loyalty_points():
    @task
    def count(params=None) -> int:
        return ingest.points(params["days"])

    count()


loyalty_points()
