"""The month's close, which must be done in its time."""

from datetime import datetime, timedelta

from acme import waiting
from acme.flow import EmptyOperator, dag, task


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    dagrun_timeout=timedelta(seconds=20),
    tags=["finance"],
)
def monthly_close():
    @task(priority_weight=50)
    def reconcile() -> None:
        waiting.hold()

    reconcile() >> EmptyOperator(task_id="sign")


monthly_close()
