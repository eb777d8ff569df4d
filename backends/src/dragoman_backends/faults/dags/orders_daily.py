"""Orders of the day, converted and summed."""

from acme import ingest
from acme.flow import START, EmptyOperator, conf, dag, task


@dag(schedule=None, start_date=START, tags=["sales"])
def orders_daily() -> None:
    @task
    def convert() -> int:
        rows = int(conf().get("rows", 1500))
        return ingest.convert_batch("2026-11-07/4", ingest.read_batch("2026-11-07/4", rows))

    report, mail = EmptyOperator(task_id="report"), EmptyOperator(task_id="mail")
    convert() >> report >> mail


orders_daily()
