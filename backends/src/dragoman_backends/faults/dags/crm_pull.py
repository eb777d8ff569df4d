"""Contacts from the CRM."""

from datetime import timedelta

from acme import ingest
from acme.flow import START, EmptyOperator, dag, get_current_context, task


@dag(schedule=None, start_date=START, tags=["marketing"])
def crm_pull() -> None:
    @task(retries=1, retry_delay=timedelta(seconds=1))
    def pull() -> int:
        return ingest.pull_contacts(get_current_context()["ti"].try_number)

    pull() >> EmptyOperator(task_id="deduplicate")


crm_pull()
