"""Resizes product images."""

from datetime import datetime

from acme import hosts
from acme.flow import EmptyOperator, dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["shop"])
def image_resize():
    @task
    def resize() -> None:
        hosts.resize(images=900)

    resize() >> EmptyOperator(task_id="publish")


image_resize()
