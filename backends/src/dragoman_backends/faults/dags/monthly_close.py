"""The month's close, which must be done in its time."""

from datetime import timedelta

from acme import waiting
from acme.flow import START, EmptyOperator, dag, task


@dag(
    schedule=None,
    start_date=START,
    dagrun_timeout=timedelta(seconds=20),
    tags=["finance"],
)
def monthly_close() -> None:
    @task(priority_weight=50)
    def reconcile() -> None:
        waiting.hold()

    reconcile() >> EmptyOperator(task_id="sign")


monthly_close()
