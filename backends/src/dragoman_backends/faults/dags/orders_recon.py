"""Reconciles orders once they are there."""

from acme.flow import START, EmptyOperator, dag
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor


@dag(schedule=None, start_date=START, tags=["sales"])
def orders_recon() -> None:
    arrived = ExternalTaskSensor(
        task_id="orders_there",
        external_dag_id="orders_delivery",
        external_task_id="deliver",
        poke_interval=60,
        mode="reschedule",
        timeout=86400,
    )
    arrived >> EmptyOperator(task_id="reconcile")


orders_recon()
