"""Map tiles of the delivery area."""

from datetime import timedelta

from acme import waiting
from acme.flow import START, EmptyOperator, dag, task


@dag(schedule=None, start_date=START, tags=["logistics"])
def geo_tiles() -> None:
    @task(execution_timeout=timedelta(seconds=3))
    def render() -> None:
        waiting.hold()

    render() >> EmptyOperator(task_id="upload")


geo_tiles()
