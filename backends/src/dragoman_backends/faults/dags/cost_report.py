"""Costs of the cloud by team."""

from acme import waiting
from acme.flow import START, dag, task


@dag(schedule=None, start_date=START, tags=["finance"])
def cost_report() -> None:
    @task(pool="finance_small")
    def collect() -> None:
        waiting.note("collected")

    collect()


cost_report()
