"""Takes the bank's last file of the day, if it comes in time."""

from acme import waiting
from acme.flow import START, EmptyOperator, PokeReturnValue, dag, task


@dag(schedule=None, start_date=START, tags=["finance"])
def bank_cutoff() -> None:
    @task.sensor(poke_interval=1, mode="poke", timeout=3)
    def last_file() -> PokeReturnValue:
        return PokeReturnValue(is_done=waiting.arrived("last_2026-11-08.xml"))

    last_file() >> EmptyOperator(task_id="book")


bank_cutoff()
