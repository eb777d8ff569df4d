"""Calibration values of the plant's devices."""

from datetime import datetime, timedelta

from acme import ingest
from acme.flow import dag, get_current_context, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["plant"])
def plant_calibration():
    @task(retries=2, retry_delay=timedelta(seconds=1))
    def calibrate() -> None:
        ingest.calibrate("press-7", get_current_context()["ti"].try_number)

    calibrate()


plant_calibration()
