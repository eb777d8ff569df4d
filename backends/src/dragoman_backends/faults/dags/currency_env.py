"""Sets the currency of the day's books."""

from datetime import datetime

from airflow.sdk import Variable

from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def currency_env():
    @task
    def choose() -> str:
        return Variable.get("book_currency")

    choose()


currency_env()
