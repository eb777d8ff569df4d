"""Exchange rates of the day."""

from datetime import datetime

from acme import ingest
from acme.flow import dag, task
from airflow.exceptions import AirflowException


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def fx_rates():
    @task
    def fetch() -> None:
        if not ingest.take_rates("2026-11-08"):
            raise AirflowException("fetch failed")

    fetch()


fx_rates()
