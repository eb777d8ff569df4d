"""Contacts from the CRM."""

from datetime import datetime, timedelta

from acme import ingest
from acme.flow import EmptyOperator, dag, get_current_context, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["marketing"])
def crm_pull():
    @task(retries=1, retry_delay=timedelta(seconds=1))
    def pull() -> int:
        return ingest.pull_contacts(get_current_context()["ti"].try_number)

    pull() >> EmptyOperator(task_id="deduplicate")


crm_pull()
