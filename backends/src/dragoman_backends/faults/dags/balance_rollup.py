"""Balances, each day on top of the day before."""

from datetime import datetime

from acme import ingest
from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def balance_rollup():
    @task(depends_on_past=True)
    def roll(dag_run=None) -> int:
        return ingest.points(int((dag_run.conf or {}).get("days", 0)))

    roll()


balance_rollup()
