"""Reconciles orders once they are there."""

from datetime import datetime

from airflow.providers.standard.sensors.external_task import ExternalTaskSensor

from acme.flow import EmptyOperator, dag


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["sales"])
def orders_recon():
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
