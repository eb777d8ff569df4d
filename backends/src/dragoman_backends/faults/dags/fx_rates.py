"""Exchange rates of the day."""

from acme import ingest
from acme.flow import START, dag, task
from airflow.exceptions import AirflowException


@dag(schedule=None, start_date=START, tags=["finance"])
def fx_rates() -> None:
    @task
    def fetch() -> None:
        if not ingest.take_rates("2026-11-08"):
            raise AirflowException("fetch failed")

    fetch()


fx_rates()
