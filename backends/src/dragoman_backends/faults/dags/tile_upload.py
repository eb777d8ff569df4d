"""Uploads map tiles, one at a time."""

from acme import waiting
from acme.flow import START, dag, task


@dag(
    schedule=None,
    start_date=START,
    max_active_tasks=1,
    tags=["logistics"],
)
def tile_upload() -> None:
    @task(priority_weight=10)
    def upload_north() -> None:
        waiting.hold()

    @task
    def upload_south() -> None:
        waiting.note("uploaded")

    upload_north()
    upload_south()


tile_upload()
