"""Sends a campaign to a segment."""

from datetime import datetime

from acme import ingest
from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["marketing"])
def campaign_send():
    @task
    def send(dag_run=None) -> str:
        return ingest.segment_of(dag_run.conf or {})

    send()


campaign_send()
