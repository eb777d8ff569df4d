"""The bank's corrections, which come at any hour."""

from datetime import datetime

from acme import waiting
from acme.flow import EmptyOperator, PokeReturnValue, dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def bank_file_late():
    @task.sensor(poke_interval=60, mode="reschedule", timeout=86400)
    def corrections() -> PokeReturnValue:
        return PokeReturnValue(is_done=waiting.arrived("corrections_2026-11-08.xml"))

    corrections() >> EmptyOperator(task_id="book")


bank_file_late()
