"""Balances, each day on top of the day before."""

from acme import ingest
from acme.flow import START, conf, dag, task


@dag(schedule=None, start_date=START, tags=["finance"])
def balance_rollup() -> None:
    @task(depends_on_past=True)
    def roll() -> int:
        return ingest.points(int(conf().get("days", 0)))

    roll()


balance_rollup()
