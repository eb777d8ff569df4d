"""Resizes product images."""

from acme import hosts
from acme.flow import START, EmptyOperator, dag, task


@dag(schedule=None, start_date=START, tags=["shop"])
def image_resize() -> None:
    @task
    def resize() -> None:
        hosts.resize(images=900)

    resize() >> EmptyOperator(task_id="publish")


image_resize()
