"""Orders of the day, converted and summed."""

from datetime import datetime

from acme import ingest
from acme.flow import EmptyOperator, dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["sales"])
def orders_daily():
    @task
    def convert(params=None, dag_run=None) -> int:
        rows = int((dag_run.conf or {}).get("rows", 1500))
        return ingest.convert_batch("2026-11-07/4", ingest.read_batch("2026-11-07/4", rows))

    report, mail = EmptyOperator(task_id="report"), EmptyOperator(task_id="mail")
    convert() >> report >> mail


orders_daily()
