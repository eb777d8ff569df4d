"""Tariffs, one run at a time."""

from acme import waiting
from acme.flow import START, EmptyOperator, PokeReturnValue, dag, task


@dag(schedule=None, start_date=START, max_active_runs=1, tags=["sales"])
def tariff_update() -> None:
    @task.sensor(poke_interval=45, mode="reschedule", timeout=86400)
    def price_list() -> PokeReturnValue:
        return PokeReturnValue(is_done=waiting.arrived("price_list.csv"))

    price_list() >> EmptyOperator(task_id="load")


tariff_update()
