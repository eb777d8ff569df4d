"""Costs of the cloud by team."""

from datetime import datetime

from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def cost_report():
    @task(pool="finance_small")
    def collect() -> None:
        print("collected")

    collect()


cost_report()
