"""Sends a campaign to a segment."""

from acme import ingest
from acme.flow import START, conf, dag, task


@dag(schedule=None, start_date=START, tags=["marketing"])
def campaign_send() -> None:
    @task
    def send() -> str:
        return ingest.segment_of(conf())

    send()


campaign_send()
