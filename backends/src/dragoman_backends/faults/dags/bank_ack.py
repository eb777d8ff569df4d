"""Books after the bank's cut-off."""

from datetime import datetime

from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync

from acme.flow import EmptyOperator, dag


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def bank_ack():
    cut_off = DateTimeSensorAsync(task_id="cut_off", target_time=datetime(2100, 1, 1))
    cut_off >> EmptyOperator(task_id="book")


bank_ack()
