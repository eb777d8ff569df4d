"""The bank's daily file."""

from acme import waiting
from acme.flow import START, EmptyOperator, PokeReturnValue, dag, task


@dag(schedule=None, start_date=START, tags=["finance"])
def bank_file() -> None:
    @task.sensor(poke_interval=30, mode="poke", timeout=86400)
    def statement() -> PokeReturnValue:
        return PokeReturnValue(is_done=waiting.arrived("statement_2026-11-08.xml"))

    statement() >> EmptyOperator(task_id="book")


bank_file()
