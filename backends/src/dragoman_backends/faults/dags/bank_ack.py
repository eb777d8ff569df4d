"""Books after the bank's cut-off."""

from acme.flow import END, START, EmptyOperator, dag
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync


@dag(schedule=None, start_date=START, tags=["finance"])
def bank_ack() -> None:
    cut_off = DateTimeSensorAsync(task_id="cut_off", target_time=END)
    cut_off >> EmptyOperator(task_id="book")


bank_ack()
