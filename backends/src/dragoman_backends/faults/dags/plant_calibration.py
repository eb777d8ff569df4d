"""Calibration values of the plant's devices."""

from datetime import timedelta

from acme import ingest
from acme.flow import START, dag, get_current_context, task


@dag(schedule=None, start_date=START, tags=["plant"])
def plant_calibration() -> None:
    @task(retries=2, retry_delay=timedelta(seconds=1))
    def calibrate() -> None:
        ingest.calibrate("press-7", get_current_context()["ti"].try_number)

    calibrate()


plant_calibration()
