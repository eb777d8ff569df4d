"""Uploads map tiles, one at a time."""

from datetime import datetime

from acme import waiting
from acme.flow import dag, task


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_tasks=1,
    tags=["logistics"],
)
def tile_upload():
    @task(priority_weight=10)
    def upload_north() -> None:
        waiting.hold()

    @task
    def upload_south() -> None:
        print("uploaded")

    upload_north()
    upload_south()


tile_upload()
