"""Map tiles of the delivery area."""

from datetime import datetime, timedelta

from acme import waiting
from acme.flow import EmptyOperator, dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["logistics"])
def geo_tiles():
    @task(execution_timeout=timedelta(seconds=3))
    def render() -> None:
        waiting.hold()

    render() >> EmptyOperator(task_id="upload")


geo_tiles()
