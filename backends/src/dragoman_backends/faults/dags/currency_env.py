"""Sets the currency of the day's books."""

from acme.flow import START, dag, task
from airflow.sdk import Variable


@dag(schedule=None, start_date=START, tags=["finance"])
def currency_env() -> None:
    @task
    def choose() -> str:
        return Variable.get("book_currency")

    choose()


currency_env()
