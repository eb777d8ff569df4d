"""Takes the bank's last file of the day, if it comes in time."""

from datetime import datetime

from acme import waiting
from acme.flow import EmptyOperator, PokeReturnValue, dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def bank_cutoff():
    @task.sensor(poke_interval=1, mode="poke", timeout=3)
    def last_file() -> PokeReturnValue:
        return PokeReturnValue(is_done=waiting.arrived("last_2026-11-08.xml"))

    last_file() >> EmptyOperator(task_id="book")


bank_cutoff()
