"""The bank's corrections, which come at any hour."""

from acme import waiting
from acme.flow import START, EmptyOperator, PokeReturnValue, dag, task


@dag(schedule=None, start_date=START, tags=["finance"])
def bank_file_late() -> None:
    @task.sensor(poke_interval=60, mode="reschedule", timeout=86400)
    def corrections() -> PokeReturnValue:
        return PokeReturnValue(is_done=waiting.arrived("corrections_2026-11-08.xml"))

    corrections() >> EmptyOperator(task_id="book")


bank_file_late()
